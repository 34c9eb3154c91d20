import type pg from 'pg';

const PROTECTED = `SELECT oid::regclass::text AS name FROM pg_class
  WHERE relnamespace = 'app'::regnamespace AND relforcerowsecurity`;

/** Row-level security of all tables, on or off; forced it stays, so that the tables are known. */
export async function setWalls(superuser: pg.Client, on: boolean): Promise<void> {
  const { rows } = await superuser.query<{ name: string }>(PROTECTED);
  for (const { name } of rows)
    await superuser.query(`ALTER TABLE ${name} ${on ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`);
}
