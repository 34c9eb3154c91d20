import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, watch } from 'node:fs';
import { resolve } from 'node:path';

const MAIN = resolve('dist/main.js');

interface Options {
  /** The working directory. */
  cwd: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
}

/** The service as a person starts it: a process of its own. */
export class Service {
  readonly exit: Promise<number | NodeJS.Signals>;
  output = '';
  private readonly child: ChildProcess;

  constructor({ cwd, env, uid }: Options) {
    const identity = uid === undefined ? {} : { uid, gid: uid };
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const settings = { PATH, NODE_COMPILE_CACHE, PORT: '0', ...env };
    this.child = spawn(process.execPath, [MAIN], { cwd, env: settings, detached: true, ...identity });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.exit = new Promise((done) => this.child.once('close', (code, signal) => done(code ?? signal!)));
  }

  /** @returns the banner, once it is printed, and what was logged since @throws Error with what the process said instead */
  async banner(): Promise<string> {
    let gone = false;
    void this.exit.then(() => (gone = true));
    while (!/^Swagger UI .*\n(.*\n)*\n(\{|$)/m.test(this.output)) {
      if (gone) throw new Error(`the service ended: ${this.output}`);
      await Promise.race([new Promise((done) => this.child.stdout!.once('data', done)), this.exit]);
    }
    return this.output;
  }

  /** @returns the address that the banner names */
  async origin(): Promise<string> {
    return /^Assistant backend +(\S+)$/m.exec(await this.banner())![1]!;
  }

  /** Ctrl-C as a terminal sends it: to the whole group of processes. */
  interrupt(): void {
    process.kill(-this.child.pid!, 'SIGINT');
  }

  /** @returns the exit code, or the signal that ended it */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.child.kill(signal);
    return this.exit;
  }
}

/** The living processes whose command names this folder. */
export function processesOf(folder: string): number[] {
  if (process.platform !== 'linux') {
    const lines = spawnSync('ps', ['-axo', 'pid=,args='], { encoding: 'utf8' }).stdout.split('\n');
    return lines.filter((line) => line.includes(folder)).map((line) => Number.parseInt(line, 10));
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => commandOf(pid).includes(folder)).map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}

/** Resolves when a file of such a name appears in the folder. */
export const appears = (folder: string, name: RegExp): Promise<void> =>
  new Promise((done) => {
    const watcher = watch(folder, (_event, file) => {
      if (!name.test(file ?? '')) return;
      watcher.close();
      done();
    });
  });
