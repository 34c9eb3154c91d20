import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster, prepareFolder, type ServerFolder } from './embedded-cluster.js';

/** A running server. `url` is its administrator's, database `postgres`. */
export interface EmbeddedServer {
  url: string;
  /** Where the data lies; not below the given folder when that one is closed to the server's user. */
  folder: string;
  stop(): Promise<void>;
}

const FLAGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];
const THROWAWAY = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
const START_TIMEOUT = 30_000; // milliseconds

/**
 * Starts a PostgreSQL of its own in `dir`, or adopts the one that a killed process left running there. It outlives
 * Ctrl-C (it is detached), so that the service can drain before it stops it.
 * @param throwaway faster, and not crash-safe: for tests
 */
export async function startEmbedded(dir: string, throwaway = false): Promise<EmbeddedServer> {
  const folder = await prepareFolder(dir);
  const password = createCluster(folder);
  const owned = takeOwnership(folder);
  const running = (pid: number, port: number): EmbeddedServer => ({
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    folder: folder.path,
    stop: async () => (owned ? stop(folder, pid) : undefined),
  });
  const orphan = readPidFile(folder);
  if (orphan && alive(orphan.pid)) {
    await ready(folder, orphan.pid, () => !alive(orphan.pid));
    return running(orphan.pid, orphan.port);
  }

  const port = await freePort();
  const log = openSync(join(folder.path, 'postgres.log'), 'a');
  const flags = [...FLAGS, ...(throwaway ? THROWAWAY : [])].flatMap((flag) => ['-c', flag]);
  const child = spawn(join(folder.bin, 'postgres'), ['-D', folder.data, '-p', String(port), ...flags], {
    ...folder.identity,
    cwd: folder.path,
    detached: true,
    stdio: ['ignore', log, log],
  });
  let exited = false;
  child.once('error', () => (exited = true)).once('exit', () => (exited = true));
  child.unref();
  await ready(folder, child.pid, () => exited);
  return running(child.pid!, port);
}

/** False where another living process of this checkout started the server: stopping it is up to that one. */
function takeOwnership({ path }: ServerFolder): boolean {
  const file = join(path, 'owner.pid');
  const previous = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
  if (previous && previous !== process.pid && alive(previous, 'node')) return false;
  writeFileSync(file, String(process.pid));
  return true;
}

async function ready(folder: ServerFolder, pid: number | undefined, gone: () => boolean): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(10)) {
    const state = readPidFile(folder);
    if (state?.pid === pid && state?.status === 'ready') return;
    if (gone()) break;
  }
  const log = join(folder.path, 'postgres.log');
  throw new Error(`the embedded PostgreSQL did not start; ${log} ends with:\n${tail(log)}`);
}

async function stop(folder: ServerFolder, pid: number): Promise<void> {
  if (readPidFile(folder)?.pid !== pid) return;
  process.kill(pid, 'SIGINT'); // fast shutdown
  while (alive(pid) && readPidFile(folder)) await sleep(10);
}

/** The first lines of postmaster.pid: process id, data folder, start time, port, …, status on the eighth. */
function readPidFile({ data }: ServerFolder): { pid: number; port: number; status: string } | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

/** Whether the process runs and, where that can be told, is that program: process ids are used again. */
function alive(pid: number, program = 'postgres'): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]!.includes(program);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    return code === 'EPERM' || (syscall === 'open' && process.platform !== 'linux');
  }
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

const tail = (file: string) => readFileSync(file, 'utf8').slice(-1000);
