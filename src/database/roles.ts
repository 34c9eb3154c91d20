import pg from 'pg';
import { Failure } from '../config/failure.js';
import { connect } from './connect.js';

/**
 * Settings of the app's login: a statement, a wait for a lock and an idle transaction all end on their own. Random reads
 * are planned as they are on an SSD: at the default of 4 for a disk, a long page is sorted rather than read in order.
 */
const SETTINGS = {
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '10s',
  timezone: 'UTC',
  random_page_cost: '1.1',
};

/**
 * Makes the login of the app's URL a member of `assistant_app`, creating it with the URL's password where it is
 * missing, and sets its limits. Does nothing where an administrator has already done so (docs/roles.sql).
 */
export async function prepareLogin(migrationUrl: string, appUrl: string): Promise<void> {
  const app = new URL(appUrl);
  const login = decodeURIComponent(app.username);
  if (!login) throw new Failure('DATABASE_URL must name a user');
  const client = await connect(migrationUrl, 'MIGRATION_DATABASE_URL');
  try {
    const { rows } = await client.query<{ exists: boolean; member: boolean }>(
      `SELECT count(*) > 0 AS exists, coalesce(bool_or(pg_has_role(oid, 'assistant_app', 'USAGE')), false) AS member
       FROM pg_roles WHERE rolname = $1`,
      [login],
    );
    if (rows[0]!.member) return;
    const name = pg.escapeIdentifier(login);
    if (!rows[0]!.exists) {
      const password = pg.escapeLiteral(decodeURIComponent(app.password));
      await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${password}`);
    }
    await client.query(`GRANT assistant_app TO ${name}`);
    for (const [setting, value] of Object.entries(SETTINGS))
      await client.query(`ALTER ROLE ${name} SET ${setting} = '${value}'`);
  } finally {
    await client.end();
  }
}
