import pg from 'pg';
import { createDatabase, type DatabaseUrls } from '../../src/database/provision.js';

export interface TestDatabase extends DatabaseUrls {
  /** A superuser's, for looking past the walls and for taking them down. */
  superuser: string;
}

const server = () => process.env.TEST_SERVER_URL!;

const inDatabase = (url: string, name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;

async function asSuperuser<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A database of this name, cloned from the migrated template (or from nothing), replacing one of an earlier run. */
export async function freshDatabase(name: string, template = 'template_assistant'): Promise<TestDatabase> {
  await asSuperuser(server(), async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER assistant_owner`);
  });
  return { ...(await createDatabase(server(), name)), superuser: inDatabase(server(), name) };
}

let ofWorker: Promise<TestDatabase> | undefined;

/** The database of this Jest worker. Tests use owners of their own, so nothing needs to be cleaned up in it. */
export const workerDatabase = () => (ofWorker ??= freshDatabase(`worker_${process.env.JEST_WORKER_ID}`));

/** Runs SQL as superuser in a database: past row-level security. */
export const sqlAsSuperuser = <Row extends object>(
  database: TestDatabase,
  text: string,
  values: unknown[] = [],
) => asSuperuser(database.superuser, async (client) => (await client.query<Row>(text, values)).rows);
