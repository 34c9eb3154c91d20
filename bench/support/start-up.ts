import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT = 60_000; // milliseconds

/**
 * `npm start` on existing data, as a person types it, up to its first answer of /readyz; then Ctrl-C, which stops the
 * embedded server too.
 * @returns milliseconds
 */
export async function measureStart(dataDir: string): Promise<number> {
  const start = performance.now();
  const child = spawn('npm', ['start'], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0', DATABASE_URL: '', NODE_ENV: 'development' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a process group, for a Ctrl-C that reaches all of it
  });
  const exited = once(child, 'exit');
  try {
    const origin = await originOf(child.stdout);
    const ready = await fetch(`${origin}/readyz`);
    if (!ready.ok) throw new Error(`/readyz answered ${ready.status}`);
    return performance.now() - start;
  } finally {
    process.kill(-child.pid!, 'SIGINT');
    await exited;
    while (running(-child.pid!)) await sleep(20); // npm is gone before the service has stopped its database
  }
}

function running(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

async function originOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  const timer = setTimeout(() => output.emit('error', new Error('npm start took too long')), TIMEOUT);
  for await (const chunk of output) {
    text += String(chunk);
    const origin = /Assistant backend +(http:\/\/\S+)/.exec(text)?.[1];
    if (!origin) continue;
    clearTimeout(timer);
    return origin;
  }
  throw new Error(`npm start ended: ${text}`);
}
