import { sqlAsSuperuser, type TestDatabase } from './database.js';

interface Column {
  table: string;
  owner: string;
}

/** Every table of schema app that has an owner, with the name of its owner column. */
export const ownedTables = (database: TestDatabase) =>
  sqlAsSuperuser<Column>(
    database,
    `SELECT c.relname AS "table", CASE WHEN c.relname = 'users' THEN 'id' ELSE 'owner_id' END AS owner
     FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('jobs', 'rate_limits')
     ORDER BY 1`,
  );

/** All rows of an owner in all tables, as text: what must survive a stranger unchanged. */
export async function rowsOf(database: TestDatabase, owner: string): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const { table, owner: column } of await ownedTables(database)) {
    const found = await sqlAsSuperuser<{ row: string }>(
      database,
      `SELECT t::text AS row FROM app.${table} t WHERE ${column} = $1 ORDER BY 1`,
      [owner],
    );
    rows[table] = found.map(({ row }) => row);
  }
  return rows;
}
