import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';

const CONNECTIONS = 64;

/** Starts an owner who asks on 64 connections as fast as the answers come, and waits for the first of those. */
export async function startFlood(port: number, token: string) {
  const options = { port, token, connections: CONNECTIONS };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = fork(new URL('flood-process.ts', import.meta.url), args);
  setPriority(child.pid!, constants.priority.PRIORITY_LOW); // it would take the processor from what it floods
  const exited = once(child, 'exit');
  await once(child, 'message');
  return {
    /** @returns how many answers had which status */
    stop: async (): Promise<Record<string, number>> => {
      child.send('stop');
      const [statuses] = (await once(child, 'message')) as [Record<string, number>];
      await exited;
      return statuses;
    },
  };
}
