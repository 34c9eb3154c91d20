import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedServer, startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase } from '#dist/database/provision.js';
import { datasetStatements } from './dataset.ts';
import type { Options } from './options.ts';

const DATABASE = 'assistant'; // the name that the service gives its own, so that `npm start` serves this data too

export interface BenchDatabase {
  /** The app's role. */
  app: string;
  /** A superuser's. */
  superuser: string;
  /** `true` where this run built the data. */
  built: boolean;
  stop(): Promise<void>;
}

/**
 * Starts the embedded server in the folder and makes sure that the data is there: it is built again only when the
 * migrations, the settings of the app's role or the data set have changed.
 */
export async function openDatabase({ messages, dir }: Options): Promise<BenchDatabase> {
  const folder = join(dir, 'postgres');
  const marker = join(dir, 'built');
  const wanted = fingerprint(messages);
  const built = !existsSync(marker) || readFileSync(marker, 'utf8') !== wanted;
  if (built && existsSync(folder)) {
    const stale = await startEmbedded(folder); // one that a killed run has left is adopted, and so can be stopped
    await stale.stop();
    rmSync(stale.folder, { recursive: true });
  }
  const server = await startTuned(folder);
  try {
    const superuser = Object.assign(new URL(server.url), { pathname: `/${DATABASE}` }).href;
    const urls = await createDatabase(server.url, DATABASE);
    await migrate(urls.migration, urls.app);
    if (built) {
      await build(superuser, messages);
      writeFileSync(marker, wanted);
    }
    return { app: urls.app, superuser, built, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A quarter of the memory, as PostgreSQL's manual recommends for a server ("Resource Consumption", shared_buffers). */
const SHARED_BUFFERS = `${Math.floor(totalmem() / 4 / 2 ** 20)}MB`;

/** The embedded server with the memory that one would be given in production; the setting is kept with the data. */
async function startTuned(folder: string): Promise<EmbeddedServer> {
  const server = await startEmbedded(folder);
  const tuned = await connected(server.url, async (client) => {
    const equal = `SELECT pg_size_bytes(current_setting('shared_buffers')) = pg_size_bytes($1) AS tuned`;
    const { rows } = await client.query<{ tuned: boolean }>(equal, [SHARED_BUFFERS]);
    if (!rows[0]!.tuned) await client.query(`ALTER SYSTEM SET shared_buffers = '${SHARED_BUFFERS}'`);
    return rows[0]!.tuned;
  });
  if (tuned) return server;
  await server.stop();
  return startEmbedded(folder);
}

/** Runs `work` with the database of {@link openDatabase} and stops its server. */
export async function withDatabase<T>(
  options: Options,
  work: (database: BenchDatabase) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(options);
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}

/** Runs `work` with a connection that ends with it. */
export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function fingerprint(messages: number): string {
  const hash = createHash('sha256').update(JSON.stringify(datasetStatements(messages)));
  const folder = new URL('../../src/database/', import.meta.url);
  const migrations = readdirSync(new URL('migrations/', folder)).toSorted();
  for (const file of ['roles.ts', ...migrations.map((name) => `migrations/${name}`)])
    hash.update(readFileSync(new URL(file, folder)));
  return hash.digest('hex');
}

function build(url: string, messages: number): Promise<void> {
  return connected(url, async (client) => {
    const start = Date.now();
    await client.query(`SET synchronous_commit = off`);
    for (const [name, sql] of datasetStatements(messages)) {
      const from = Date.now();
      const { rowCount } = await client.query(sql);
      if (name !== 'preparation') console.log(`${name}: ${rowCount} rows, ${Date.now() - from} ms`);
    }
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
    console.log(`built in ${Math.round((Date.now() - start) / 1000)} s`);
  });
}
