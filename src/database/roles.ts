import pg from 'pg';
import { Failure } from '../config/failure.js';
import { connect } from './connect.js';

/**
 * Settings of the app's login: a statement, a wait for a lock, an idle transaction and a whole one all end on their own.
 * Random reads are planned as they are on an SSD: at the default of 4 for a disk, a long page is sorted rather than read
 * in order.
 */
const SETTINGS = {
  statement_timeout: '5s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '10s',
  transaction_timeout: '10s',
  timezone: 'UTC',
  random_page_cost: '1.1',
};
/** Of PostgreSQL 17 and newer. */
const NEWER = new Set(['transaction_timeout']);

interface Login {
  exists: boolean;
  member: boolean;
  /** `name=value` of each setting that the role has. */
  settings: string[];
  version: number;
}

/**
 * Makes the login of the app's URL a member of `assistant_app`, creating it with the URL's password where it is
 * missing, and sets the limits that it has not yet. Does nothing where an administrator has made it (docs/roles.sql).
 */
export async function prepareLogin(migrationUrl: string, appUrl: string): Promise<void> {
  const app = new URL(appUrl);
  const login = decodeURIComponent(app.username);
  if (!login) throw new Failure('DATABASE_URL must name a user');
  const client = await connect(migrationUrl, 'MIGRATION_DATABASE_URL');
  try {
    const { rows } = await client.query<Login & { administered: boolean }>(
      `SELECT count(*) > 0 AS exists, coalesce(bool_or(pg_has_role(oid, 'assistant_app', 'USAGE')), false) AS member,
         coalesce(bool_or(pg_has_role(oid, 'MEMBER WITH ADMIN OPTION')), false) AS administered,
         coalesce(max(rolconfig), '{}') AS settings, current_setting('server_version_num')::int AS version
       FROM pg_roles WHERE rolname = $1`,
      [login],
    );
    const found = rows[0]!;
    if (found.member && !found.administered) return;
    const name = pg.escapeIdentifier(login);
    if (!found.exists) {
      const password = pg.escapeLiteral(decodeURIComponent(app.password));
      await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${password}`);
    }
    if (!found.member) await client.query(`GRANT assistant_app TO ${name}`);
    for (const [setting, value] of missing(found))
      await client.query(`ALTER ROLE ${name} SET ${setting} = '${value}'`);
  } finally {
    await client.end();
  }
}

const missing = ({ settings, version }: Login) =>
  Object.entries(SETTINGS).filter(
    ([name]) =>
      (version >= 170_000 || !NEWER.has(name)) &&
      !settings.some((setting) => setting.toLowerCase().startsWith(`${name}=`)),
  );
