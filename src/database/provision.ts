import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '../config/config.js';
import { Failure } from '../config/failure.js';
import { startEmbedded } from './embedded.js';
import { migrate } from './migrate.js';
import { refuseMixedStatements } from './pooler.js';

const LOCK = 4_172_026_002; // pg_advisory_lock key: one process at a time sets the server up

export interface DatabaseUrls {
  /** The app's role. */
  app: string;
  /** The role that owns the schema. */
  migration: string;
}

export interface Database {
  url: string;
  /** Where an embedded server keeps its data; undefined with a server of your own. */
  embeddedIn?: string;
  stop(): Promise<void>;
}

export interface SchemaOwner {
  url: string;
  /** The login to prepare, where it is known. */
  appUrl: string | undefined;
  stop(): Promise<void>;
}

/**
 * The database to serve from, migrated: the one of DATABASE_URL or, without it, an embedded server in DATA_DIR. A
 * server of your own is migrated where MIGRATION_DATABASE_URL says as whom.
 */
export async function provideDatabase(config: Config): Promise<Database> {
  if (config.DATABASE_URL) {
    if (config.MIGRATION_DATABASE_URL) await migrate(config.MIGRATION_DATABASE_URL, config.DATABASE_URL);
    await refuseMixedStatements(config.DATABASE_URL);
    return { url: config.DATABASE_URL, stop: async () => undefined };
  }
  const { urls, folder, stop } = await startDatabase(config);
  try {
    await migrate(urls.migration, urls.app);
    return { url: urls.app, embeddedIn: folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * As whom to work on the schema: MIGRATION_DATABASE_URL or, without any URL, the embedded server's owner.
 * @throws Failure with a server of your own whose schema owner is not said
 */
export async function provideSchemaOwner(config: Config): Promise<SchemaOwner> {
  const url = config.MIGRATION_DATABASE_URL;
  if (url) return { url, appUrl: config.DATABASE_URL, stop: async () => undefined };
  if (config.DATABASE_URL)
    throw new Failure('MIGRATION_DATABASE_URL must be set: the URL of the role that owns the schema');
  const { urls, stop } = await startDatabase(config);
  return { url: urls.migration, appUrl: urls.app, stop };
}

async function startDatabase({ DATA_DIR }: Config) {
  const server = await startEmbedded(join(DATA_DIR, 'postgres'));
  const stop = () => server.stop();
  try {
    return { urls: await createDatabase(server.url, 'assistant'), folder: server.folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A database with an owner that is no superuser, on a server that is ours alone; safe to repeat. */
export async function createDatabase(adminUrl: string, name: string): Promise<DatabaseUrls> {
  const urls = {
    app: urlFor(adminUrl, 'assistant_login', name),
    migration: urlFor(adminUrl, 'assistant_owner', name),
  };
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const { rowCount: owner } = await client.query(`SELECT FROM pg_roles WHERE rolname = 'assistant_owner'`);
    const password = pg.escapeLiteral(new URL(urls.migration).password);
    if (!owner) await client.query(`CREATE ROLE assistant_owner LOGIN CREATEROLE PASSWORD ${password}`);
    const { rowCount: exists } = await client.query(`SELECT FROM pg_database WHERE datname = $1`, [name]);
    if (!exists) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER assistant_owner`);
  } finally {
    await client.end();
  }
  return urls;
}

/** The same server as another role, whose password follows from the administrator's. */
function urlFor(adminUrl: string, role: string, database: string): string {
  const url = new URL(adminUrl);
  url.password = createHmac('sha256', url.password).update(role).digest('hex');
  url.username = role;
  url.pathname = `/${database}`;
  return url.href;
}
