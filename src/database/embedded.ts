import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster, prepareFolder, type ServerFolder } from './embedded-cluster.js';
import { alive, Users } from './processes.js';

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
const MAX_LAUNCHES = 5;

/**
 * Starts a PostgreSQL of its own in `dir`, or joins the one that runs there: another process's, or left by a killed one.
 * It outlives Ctrl-C (it is detached), so that the service can drain first; the last process to leave stops it.
 * @param throwaway faster, and not crash-safe: for tests
 */
export async function startEmbedded(dir: string, throwaway = false): Promise<EmbeddedServer> {
  const folder = await prepareFolder(dir);
  const password = createCluster(folder);
  const users = new Users(join(folder.path, 'users'));
  users.join();
  try {
    const { port } = await joinOrLaunch(folder, throwaway);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      folder: folder.path,
      stop: async () => (users.leave() ? shutDown(folder) : undefined),
    };
  } catch (error) {
    users.leave();
    throw error;
  }
}

/**
 * Of processes that start at once, PostgreSQL itself lets one win; the others join it. A launch may fail for a moment:
 * backends outlive a killed server a little, and its lock stays where its process id is in use, if only by a zombie.
 */
async function joinOrLaunch(folder: ServerFolder, throwaway: boolean): Promise<Postmaster> {
  let launched = { exited: true };
  for (let launches = 0, deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(10)) {
    const running = postmaster(folder);
    if (running?.status === 'ready') return running;
    if (running || !launched.exited) continue; // starting, or stopping
    if (launches === MAX_LAUNCHES) break;
    if (launches > 0) {
      rmSync(lockOf(folder), { force: true });
      await sleep(launches * 100);
    }
    launches += 1;
    launched = await launch(folder, throwaway);
  }
  const log = logOf(folder);
  throw new Error(`the embedded PostgreSQL did not start; ${log} ends with:\n${tail(log)}`);
}

async function launch(folder: ServerFolder, throwaway: boolean): Promise<{ exited: boolean }> {
  const port = await freePort();
  const log = openSync(logOf(folder), 'a');
  const flags = [...FLAGS, ...(throwaway ? THROWAWAY : [])].flatMap((flag) => ['-c', flag]);
  const child = spawn(join(folder.bin, 'postgres'), ['-D', folder.data, '-p', String(port), ...flags], {
    ...folder.identity,
    cwd: folder.path,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const state = { exited: false };
  const exited = () => (state.exited = true);
  child.once('error', exited).once('exit', exited).unref();
  return state;
}

async function shutDown(folder: ServerFolder): Promise<void> {
  const running = postmaster(folder);
  if (!running) return;
  process.kill(running.pid, 'SIGINT'); // fast shutdown
  while (alive(running.pid, serves(folder))) await sleep(10);
}

interface Postmaster {
  pid: number;
  port: number;
  /** starting, ready, stopping … */
  status: string;
}

/** The server that runs in the folder. Lines of postmaster.pid: process id, data, start time, port, …, status (8th). */
function postmaster(folder: ServerFolder): Postmaster | undefined {
  try {
    const lines = readFileSync(lockOf(folder), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return alive(pid, serves(folder))
      ? { pid, port: Number(lines[3]), status: (lines[7] ?? '').trim() }
      : undefined;
  } catch {
    return undefined;
  }
}

/** `postgres -D <data> …` */
const serves =
  ({ data }: ServerFolder) =>
  (command: string[]) =>
    command.includes(data);

const lockOf = ({ data }: ServerFolder) => join(data, 'postmaster.pid');
const logOf = ({ path }: ServerFolder) => join(path, 'postgres.log');

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

const tail = (file: string) => readFileSync(file, 'utf8').slice(-1000);
