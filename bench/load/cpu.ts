import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of a clock tick: USER_HZ is 100 on all of Linux. */
const TICK = 10_000;

interface Times {
  parent: number;
  /** Microseconds in user and kernel mode: its own, and those of children that have ended. */
  own: number;
  ended: number;
}

/** proc_pid_stat(5); the name, in parentheses, may contain blanks. */
function timesOf(pid: number): Times {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system, endedUser, endedSystem] = [1, 11, 12, 13, 14].map((i) => Number(fields[i]));
  return { parent: parent!, own: (user! + system!) * TICK, ended: (endedUser! + endedSystem!) * TICK };
}

/** Microseconds of CPU that a process has used so far. */
export const cpuOf = (pid: number) => timesOf(pid).own;

/** The same of a process and all of its children, those that have ended included: PostgreSQL's server with its backends. */
export function cpuOfFamily(pid: number): number {
  const { own, ended } = timesOf(pid);
  let sum = own + ended;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const times = timesOf(Number(name));
      if (times.parent === pid) sum += times.own;
    } catch {
      // it has ended meanwhile
    }
  }
  return sum;
}

/** The process that started this one. */
export const parentOf = (pid: number) => timesOf(pid).parent;

/** The most memory that a process has had resident so far, in MiB. */
export function peakMemory(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return Number(kib) / 1024;
}
