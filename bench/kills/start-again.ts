import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { alive } from '#dist/database/processes.js';

const START_TIMEOUT = 60_000; // milliseconds

/** Ends the server of a data folder: SIGINT is a fast shutdown, SIGQUIT an immediate one, SIGKILL a crash. */
export async function endServer(data: string, signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void> {
  const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(pid, signal);
  while (alive(pid, (command) => command.includes(data))) await sleep(10);
}

/**
 * Starts a server that ended as it was started last, on the same port; resolves when it takes connections.
 * @param url a superuser's
 */
export async function startAgain(data: string, url: string): Promise<void> {
  const [program, ...quoted] = readFileSync(join(data, 'postmaster.opts'), 'utf8').trim().split(' "');
  const args = quoted.map((arg) => arg.slice(0, -1));
  const { uid, gid } = statSync(data);
  let child: ChildProcess | undefined;
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(20)) {
    // Backends outlive a killed server a little and keep the next from starting.
    if (!child || child.exitCode !== null)
      child = spawn(program!, args, { uid, gid, cwd: data, detached: true, stdio: 'ignore' });
    if (await connects(url)) return child.unref();
  }
  throw new Error(`the server in ${data} did not start again`);
}

async function connects(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
