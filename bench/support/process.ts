import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadConfig } from '#dist/config/config.js';
import { mintToken } from '#dist/auth/mint-token.js';
import { NODE_FLAGS } from './node-flags.ts';
import { SETTINGS } from './service.ts';

/** Bytes, after a full garbage collection. */
export interface Reading {
  rss: number;
  heapUsed: number;
  /** Connections that came back inside a transaction. */
  dirtyReleases: number;
}

/** The service in a process of its own, so that it can be measured without its clients. */
export async function startProcess(databaseUrl: string, settings: NodeJS.ProcessEnv = {}) {
  const env = { ...SETTINGS, DATABASE_URL: databaseUrl, ...settings };
  const child = fork(new URL('service-process.js', import.meta.url), {
    env: { PATH: process.env.PATH, ...env },
    execArgv: ['--expose-gc', ...NODE_FLAGS],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // the log is written, and nobody reads it
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const message = async <T>() => {
    const ended = exited.then(([code, signal]) => {
      throw new Error(`the service ended: ${code ?? signal}`);
    });
    return ((await Promise.race([once(child, 'message'), ended])) as [T])[0];
  };
  const { port } = await message<{ port: number }>();
  const config = loadConfig(env);
  return {
    port,
    mint: (owner: string) => mintToken(config, owner),
    read: (): Promise<Reading> => {
      child.send('read');
      return message<Reading>();
    },
    stop: async (): Promise<void> => {
      child.kill('SIGTERM');
      const [code, signal] = await exited;
      if (code !== 0) throw new Error(`the service ended: ${code ?? signal}`);
    },
  };
}
