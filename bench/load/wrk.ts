import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadRequest } from './operations.ts';
import type { Server } from './servers.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

export interface Load {
  requests: number;
  /** A second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  p99: number;
}

/** Writes requests for the script of {@link drive}, as this server wants to be asked. */
export async function writeRequests(file: string, requests: LoadRequest[], server: Server): Promise<void> {
  const headers = new Map<string, string>();
  for (const { owner } of requests)
    if (owner && !headers.has(owner)) headers.set(owner, (await server.credentials(owner)).join('\t'));
  const lines = requests.map(({ owner, call, body }) => {
    const header = owner ? headers.get(owner) : '\t';
    return [call.replace(' ', '\t'), header, body ? JSON.stringify(body) : ''].join('\t');
  });
  await writeFile(file, `${lines.join('\n')}\n`);
}

/**
 * Asks as fast as the server answers, over kept connections, one request at a time on each.
 * @throws Error where any request failed or was answered with 400 or more, and where wrk is not installed
 */
export async function drive(
  { origin }: Server,
  file: string,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> {
  const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, origin];
  const { stdout } = await run('wrk', [...load, '--', file]).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new Error('wrk is not installed: apt-get install wrk', { cause: error });
    throw error;
  });
  const figures = /^figures (.+)$/m.exec(stdout)?.[1]?.split(' ').map(Number);
  if (!figures) throw new Error(`wrk said:\n${stdout}`);
  const [requests, duration, p50, p95, p99, errors] = figures as [number, ...number[]];
  if (errors || requests === 0) throw new Error(`${errors} of ${requests} requests failed:\n${stdout}`);
  return {
    requests,
    rate: requests / (duration! / 1e6),
    p50: p50! / 1000,
    p95: p95! / 1000,
    p99: p99! / 1000,
  };
}
