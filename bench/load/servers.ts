import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mintToken } from '#dist/auth/mint-token.js';
import { loadConfig } from '#dist/config/config.js';
import { NODE_FLAGS } from '../support/node-flags.ts';
import type { Statement } from './statements.ts';

/** Connections to the database, of the service (its default) and of the floor. */
const POOL_SIZE = 10;
const START_TIMEOUT = 30_000; // milliseconds
const SECRET = 'a secret of the benchmark, longer than 32 bytes';
const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the floor is told on its standard input. */
export interface FloorSettings {
  url: string;
  /** Of its sessions, as the app's login has them. */
  options: string;
  poolSize: number;
  statements: Record<string, Statement>;
}

/** A server in a process of its own. */
export interface Server {
  origin: string;
  pid: number;
  /** The header that says who asks. */
  credentials(owner: string): Promise<[name: string, value: string]>;
  /** Empties its log, so that a long run does not fill the disk. */
  emptyLog(): void;
  stop(): Promise<void>;
}

/**
 * The service as its users run it: production settings, every check, logging to a file.
 * @param preload a module of the benchmark that its process loads first
 */
export async function startServer(databaseUrl: string, dir: string, preload?: string): Promise<Server> {
  const environment = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    JWT_SECRET: SECRET,
    LOG_LEVEL: 'info',
    RATE_LIMIT: '10000000', // counted, and not reached
    RATE_LIMIT_ANONYMOUS: '10000000',
    PURGE_AFTER_DAYS: '3650', // the data stays as it is
  };
  const config = loadConfig(environment);
  const imports = preload ? ['--import', join(root, 'bench/load', preload)] : [];
  const args = [...NODE_FLAGS, ...imports, join(root, 'dist/main.js')];
  const server = await launch(args, join(dir, `service${preload ? '-preloaded' : ''}.log`), environment);
  return {
    ...server,
    credentials: async (owner) => ['authorization', `Bearer ${await mintToken(config, owner)}`],
  };
}

/** The floor, see bench/floor.ts. */
export async function startFloor(settings: Omit<FloorSettings, 'poolSize'>, dir: string, preload?: string) {
  const imports = preload ? ['--import', join(root, 'bench/load', preload)] : [];
  const args = [...imports, join(root, 'bench/floor.ts')];
  const input = JSON.stringify({ ...settings, poolSize: POOL_SIZE });
  const server = await launch(args, join(dir, 'floor.log'), { NODE_ENV: 'production' }, input);
  return { ...server, credentials: async (owner: string): Promise<[string, string]> => ['x-owner', owner] };
}

async function launch(args: string[], logFile: string, environment: Record<string, string>, input = '') {
  const log = openSync(logFile, 'w+');
  ftruncateSync(log);
  closeSync(log);
  const output = openSync(logFile, 'a'); // appending, so that an emptied log begins anew
  const env = { PATH: process.env.PATH, ...environment };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['pipe', output, output] });
  const exited = once(child, 'exit');
  child.stdin!.end(input);
  try {
    const origin = await originOf(child, logFile);
    return {
      origin,
      pid: child.pid!,
      emptyLog: () => ftruncateSync(output),
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
        closeSync(output);
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function originOf(child: ChildProcess, logFile: string): Promise<string> {
  for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(20)) {
    const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(readFileSync(logFile, 'utf8'))?.[0];
    if (origin) return origin;
    if (child.exitCode !== null) break;
  }
  throw new Error(`a server of the benchmark did not start:\n${readFileSync(logFile, 'utf8')}`);
}
