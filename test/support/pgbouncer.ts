import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';

const NOBODY = 65534;
const PATH = `${process.env.PATH}:/usr/sbin`; // where Debian has it

/** The installed PgBouncer as `[major, minor]`, or undefined where there is none. */
export function pgbouncerVersion(): [number, number] | undefined {
  const { stdout } = spawnSync('pgbouncer', ['--version'], { env: { PATH }, encoding: 'utf8' });
  const [, major, minor] = /^PgBouncer (\d+)\.(\d+)/m.exec(stdout ?? '') ?? [];
  return major && minor ? [Number(major), Number(minor)] : undefined;
}

export interface PgBouncer {
  /** The database by way of it. */
  url: string;
  stop(): Promise<void>;
}

/** Starts it before a database, in transaction mode. It refuses to run as root, as PostgreSQL does. */
export async function startPgBouncer(
  databaseUrl: string,
  settings: Record<string, number>,
): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(databaseUrl);
  const url = Object.assign(new URL(databaseUrl), { port: await freePort() });
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-pgbouncer-'));
  const users = join(folder, 'users');
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: url.port,
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: users,
    pool_mode: 'transaction',
    ...settings,
  };
  const configuration = Object.entries(lines).map(([name, value]) => `${name} = ${value}`);
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${username}" "${password}"\n`);
  writeFileSync(
    file,
    `[databases]\n* = host=${hostname} port=${port}\n[pgbouncer]\n${configuration.join('\n')}\n`,
  );
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (identity.uid) for (const path of [folder, users, file]) chownSync(path, NOBODY, NOBODY);

  let log = '';
  const child = spawn('pgbouncer', [file], { ...identity, cwd: folder, env: { PATH } });
  const exited = new Promise((resolve) => child.once('close', resolve));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  while (!(await accepts(Number(url.port)))) {
    if (child.exitCode !== null) throw new Error(`PgBouncer did not start: ${log}`);
    await sleep(10);
  }
  return {
    url: url.href,
    stop: async () => {
      child.kill('SIGKILL'); // what the others do depends on its version
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
