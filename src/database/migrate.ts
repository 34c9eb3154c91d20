import { DataSource, MigrationExecutor } from 'typeorm';
import { Failure } from '../config/failure.js';
import { auditCatalogue } from './catalogue.js';
import { connect } from './connect.js';
import { migrationOptions } from './data-source.js';
import { prepareLogin } from './roles.js';

const LOCK = 4_172_026_001; // pg_advisory_lock key: one migration at a time in a database

const INSUFFICIENT_PRIVILEGE = '42501';

/** Runs `work` while no other instance migrates this database. */
async function alone<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = await connect(url, 'MIGRATION_DATABASE_URL');
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    return await work();
  } catch (error) {
    throw (error as { code?: string }).code === INSUFFICIENT_PRIVILEGE ? unprepared(error as Error) : error;
  } finally {
    await client.end();
  }
}

const unprepared = ({ message }: Error) =>
  new Failure(
    `MIGRATION_DATABASE_URL: ${message}; an administrator of the server prepares it with docs/roles.sql`,
  );

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
 * @throws Failure naming what an administrator must prepare, or listing every defect of isolation that the audit finds
 */
export const migrate = (migrationUrl: string, appUrl?: string): Promise<string[]> =>
  alone(migrationUrl, () =>
    withSchemaOwner(migrationUrl, async (dataSource) => {
      const ran = await dataSource.runMigrations();
      if (appUrl) await prepareLogin(migrationUrl, appUrl);
      const defects = await auditCatalogue(dataSource);
      if (defects.length > 0) throw new Failure(`the database is not isolated:\n${defects.join('\n')}`);
      return ran.map(({ name }) => name);
    }),
  );

/** Takes back the newest migration. @returns its name, undefined where there is none */
export const revert = (migrationUrl: string): Promise<string | undefined> =>
  alone(migrationUrl, () =>
    withSchemaOwner(migrationUrl, async (dataSource) => {
      const [newest] = await new MigrationExecutor(dataSource).getExecutedMigrations();
      if (newest) await dataSource.undoLastMigration();
      return newest?.name;
    }),
  );
