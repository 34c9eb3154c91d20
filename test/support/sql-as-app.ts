import pg from 'pg';
import type { TestDatabase } from './database.js';

/** Runs SQL as the app's role and this owner: what a holder of the app's credentials could do. */
export async function sqlAsApp<Row extends object>(
  database: TestDatabase,
  owner: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.app });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('app.owner_id', $1, true)`, [owner]);
    const { rows } = await client.query<Row>(text, values);
    await client.query('COMMIT');
    return rows;
  } finally {
    await client.end();
  }
}

/** The SQLSTATE of a statement without the privilege for it. */
export const FORBIDDEN = { code: '42501' };
