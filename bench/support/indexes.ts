import type pg from 'pg';

export interface Index {
  name: string;
  table: string;
  definition: string;
  size: string;
}

/** Indexes that no statement has to use, and why they are there all the same. */
export const EXCEPTIONS: Record<string, string> = {
  jobs_pkey: 'primary key of a table of one row',
  audit_log_pkey: 'primary key',
  aide_events_pkey: 'primary key',
  aide_publications_pkey: 'primary key',
  idempotency_keys_pkey: 'primary key',
  runs_client_message_id_key: 'keeps a message of a client from beginning two turns',
  signal_mappings_phone_number_key:
    'keeps a number from being claimed twice by one owner (409 `phone_taken`)',
};

/** Every index of schema `app`, by table. */
export async function readIndexes(superuser: pg.Client): Promise<Index[]> {
  const { rows } = await superuser.query<Index>(`SELECT i.relname AS name, t.relname AS table,
      CASE WHEN x.indisunique THEN 'unique ' ELSE '' END
        || regexp_replace(regexp_replace(pg_get_indexdef(i.oid), '\\s+', ' ', 'g'), '^.* USING btree ', '') AS definition,
      pg_size_pretty(pg_relation_size(i.oid)) AS size
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE i.relnamespace = 'app'::regnamespace ORDER BY t.relname, NOT x.indisprimary, i.relname`);
  return rows;
}

/** Rows of each table of schema `app`, as the planner counts them. */
export async function readTables(superuser: pg.Client): Promise<Map<string, number>> {
  const { rows } = await superuser.query<{
    name: string;
    rows: number;
  }>(`SELECT relname AS name, reltuples::int AS rows
    FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' ORDER BY relname`);
  return new Map(rows.map(({ name, rows: count }) => [name, count]));
}
