import pg from 'pg';
import { DataSource } from 'typeorm';
import { auditCatalogue } from './catalogue.js';
import { migrationOptions } from './data-source.js';
import { prepareLogin } from './roles.js';

const LOCK = 4_172_026_001; // pg_advisory_lock key: one migration at a time in a database

/** Runs `work` while no other instance migrates this database. */
async function alone<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    return await work();
  } finally {
    await client.end();
  }
}

async function withSchemaOwner<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = await new DataSource(migrationOptions(url)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Brings the schema up to date, prepares the app's login and audits the result; several instances may call it at once.
 * @returns the names of the migrations that ran
 * @throws Error listing every defect of isolation that the audit finds
 */
export const migrate = (migrationUrl: string, appUrl?: string): Promise<string[]> =>
  alone(migrationUrl, () =>
    withSchemaOwner(migrationUrl, async (dataSource) => {
      const ran = await dataSource.runMigrations();
      if (appUrl) await prepareLogin(migrationUrl, appUrl);
      const defects = await auditCatalogue(dataSource);
      if (defects.length > 0) throw new Error(`the database is not isolated:\n${defects.join('\n')}`);
      return ran.map(({ name }) => name);
    }),
  );

/** Takes back the newest migration. */
export const revert = (migrationUrl: string): Promise<void> =>
  alone(migrationUrl, () => withSchemaOwner(migrationUrl, (dataSource) => dataSource.undoLastMigration()));
