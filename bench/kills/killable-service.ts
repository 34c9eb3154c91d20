import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT = 60_000; // milliseconds

/** The service as a process of its own that comes back on the same port. */
export class KillableService {
  readonly origin: string;
  private readonly env: NodeJS.ProcessEnv;
  private child!: ChildProcess;

  private constructor(origin: string, env: NodeJS.ProcessEnv) {
    this.origin = origin;
    this.env = env;
  }

  static async start(
    databaseUrl: string,
    secret: string,
    more: NodeJS.ProcessEnv = {},
  ): Promise<KillableService> {
    const port = await freePort();
    const settings = { DATABASE_URL: databaseUrl, JWT_SECRET: secret, LOG_LEVEL: 'error', NODE_ENV: 'test' };
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { ...settings, RATE_LIMIT: '1000000', PORT: String(port), PATH, NODE_COMPILE_CACHE, ...more };
    const service = new KillableService(`http://127.0.0.1:${port}`, env);
    await service.startAgain();
    return service;
  }

  async startAgain(): Promise<void> {
    this.child = spawn(process.execPath, [resolve('dist/main.js')], {
      env: this.env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const deadline = Date.now() + START_TIMEOUT; Date.now() < deadline; await sleep(20))
      if ((await fetch(`${this.origin}/readyz`).catch(() => undefined))?.ok) return;
    await this.end('SIGKILL');
    throw new Error('the service did not start');
  }

  /** Whether the process is the one that was started, alive. */
  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.alive) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

const freePort = () =>
  new Promise<number>((done, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
