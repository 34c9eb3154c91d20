import type { DataSource } from 'typeorm';

/** Tables of schema `app` without an owner, with the reason. */
const UNOWNED = [
  'jobs', // when the purge last ran, for all owners
  'rate_limits', // counts under keyed hashes of owners and addresses; the app's role has no right on it
];
/** Unique indexes that span owners: what is unique in the whole installation. */
const GLOBAL_UNIQUES = [
  'aides_slug_key',
  'signal_mappings_verified_key',
  'socket_tickets_hash_key',
  'jobs_pkey',
];
/** Indexes that span owners because what uses them does: the purges, and confirming a number. */
const GLOBAL_INDEXES = [
  'conversations_purge_idx',
  'messages_purge_idx',
  'idempotency_keys_purge_idx',
  'run_chunks_purge_idx',
  'signal_mappings_claims_idx',
  'socket_tickets_purge_idx',
];
/** Policies beside the template: a role that is no login, a table, what it may see. Reviewed by hand. */
const NARROW_POLICIES = [
  "aides.lookup SELECT assistant_lookup (status = 'published'::text)",
  'signal_mappings.lookup SELECT assistant_lookup (verified_at IS NOT NULL)',
  'conversations.purge ALL assistant_purge (deleted_at IS NOT NULL)',
  'messages.purge DELETE assistant_purge (deleted_at IS NOT NULL)',
  'messages.purge_read SELECT assistant_purge ((deleted_at IS NOT NULL) OR (parent_id IS NOT NULL))',
  "idempotency_keys.purge ALL assistant_purge (created_at < (now() - '48:00:00'::interval))",
  "signal_mappings.pairing ALL assistant_pairing (phone_number = current_setting('app.phone'::text, true))",
  "pairing_codes.pairing ALL assistant_pairing (created_at > (now() - '01:00:00'::interval))",
  "audit_log.pairing INSERT assistant_pairing CHECK ((entity = 'signal_mapping'::text) AND (action = ANY (ARRAY['verify'::text, 'lose'::text])))",
  "pairing_codes.purge ALL assistant_purge (created_at < (now() - '01:00:00'::interval))",
  "runs.lookup SELECT assistant_lookup ((status = 'running'::text) AND (lease_until < now()))",
  "run_chunks.purge ALL assistant_purge (created_at < (now() - '1 day'::interval))",
  'socket_tickets.purge ALL assistant_purge true',
];
/** The functions that work without an owner. */
const DEFINERS = [
  'app.purge',
  'app.purge_idempotency_keys',
  'app.purge_pairing_codes',
  'app.purge_run_chunks',
  'app.purge_socket_tickets',
  'app.take_lease',
  'lookup.confirm_pairing',
  'lookup.lapsed_runs',
  'lookup.published_aide',
  'lookup.signal_mapping',
  'lookup.take_socket_ticket',
];
const TEMPLATE = '(owner_column = ( SELECT app.owner_id() AS owner_id))';

const list = (values: string[]) =>
  `ARRAY[${values.map((v) => `'${v.replaceAll("'", "''")}'`).join()}]::text[]`;

const tables = `SELECT c.oid, c.relname AS name, c.relrowsecurity, c.relforcerowsecurity, c.relacl,
    CASE WHEN c.relname = 'users' THEN 'id' ELSE 'owner_id' END AS owner_column
  FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f')
    AND c.relname <> ALL (${list(UNOWNED)})`;
const policies = `SELECT p.*, concat_ws(' ', format('%s.%s %s', tablename, policyname, cmd), array_to_string(roles, ','), qual,
    'CHECK ' || with_check) AS text
  FROM pg_policies p WHERE schemaname = 'app'`;
const leads = (key: string) =>
  `(SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = ${key})`;

/** Each query answers the defects it finds, a line each; together they are what "isolated" means to the database. */
const CHECKS: Record<string, string> = {
  'row-level security is not enabled and forced': `
    SELECT name FROM (${tables}) t WHERE NOT (relrowsecurity AND relforcerowsecurity)`,
  'no policy is the template': `
    SELECT name FROM (${tables}) t WHERE NOT EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = 'app'
      AND p.tablename = t.name AND p.policyname = 'owner' AND p.cmd = 'ALL' AND p.permissive = 'PERMISSIVE'
      AND p.roles = '{public}' AND p.qual = replace('${TEMPLATE}', 'owner_column', t.owner_column)
      AND p.with_check = p.qual)`,
  'a policy is neither the template nor listed': `
    SELECT text FROM (${policies}) p WHERE policyname <> 'owner' AND text <> ALL (${list(NARROW_POLICIES)})`,
  'the table has no owner column that is NOT NULL text': `
    SELECT name FROM (${tables}) t WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid
      AND a.attname = t.owner_column AND a.attnotnull AND a.atttypid = 'text'::regtype)`,
  'a foreign key without the owner': `
    SELECT conname FROM pg_constraint f WHERE f.contype = 'f' AND f.connamespace = 'app'::regnamespace
      AND NOT EXISTS (SELECT FROM unnest(f.conkey, f.confkey) AS k(own, other)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own AND a.attname = 'owner_id'
        JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.other
          AND b.attname = CASE WHEN f.confrelid = 'app.users'::regclass THEN 'id' ELSE 'owner_id' END)`,
  'an owned table that does not lead to its user': `
    SELECT name FROM (${tables}) t WHERE name <> 'users' AND NOT EXISTS (SELECT FROM pg_constraint f
      WHERE f.conrelid = t.oid AND f.contype = 'f' AND f.confdeltype = 'c')`,
  'an index or key that is not led by the owner': `
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN (${tables}) t ON t.oid = i.indrelid
    WHERE ${leads('i.indkey[0]')} IS DISTINCT FROM t.owner_column
      AND c.relname <> ALL (${list([...GLOBAL_UNIQUES, ...GLOBAL_INDEXES])})`,
  'a grant to PUBLIC or of more than SELECT, INSERT, DELETE on a whole table': `
    SELECT format('%s: %s to %s', c.relname, g.privilege_type, coalesce(r.rolname, 'PUBLIC'))
    FROM pg_class c, aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE c.relnamespace = 'app'::regnamespace AND g.grantee <> c.relowner
      AND (g.grantee = 0 OR g.privilege_type NOT IN ('SELECT', 'INSERT', 'DELETE'))`,
  'the owner or id of a row can be changed': `
    SELECT format('%s.%s by %s', c.relname, a.attname, coalesce(r.rolname, 'PUBLIC'))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
      LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE c.relnamespace = 'app'::regnamespace AND g.privilege_type = 'UPDATE' AND a.attname IN ('owner_id', 'id')`,
  'a view or rule, which runs as its owner': `
    SELECT relname FROM pg_class WHERE relnamespace IN ('app'::regnamespace, 'lookup'::regnamespace) AND relkind = 'v'
    UNION ALL SELECT rulename FROM pg_rules WHERE schemaname = 'app'`,
  'a SECURITY DEFINER function that is not listed or whose search_path is not pinned': `
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prosecdef
      AND (n.nspname || '.' || p.proname <> ALL (${list(DEFINERS)})
        OR NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}')))`,
  'a definer function of the wrong role, which sees more than its narrow policies': `
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prosecdef
      AND p.proowner::regrole::text NOT IN ('assistant_lookup', 'assistant_purge', 'assistant_pairing')`,
  'a function of the schemas that PUBLIC may call': `
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace IN ('app'::regnamespace, 'lookup'::regnamespace)
      AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee = 0))`,
  'a role that could pass the walls': `
    SELECT rolname FROM pg_roles WHERE rolname IN ('assistant_app', 'assistant_lookup', 'assistant_purge', 'assistant_pairing')
      AND (rolsuper OR rolbypassrls OR rolcanlogin AND rolname <> 'assistant_app' OR rolcreaterole)`,
  'a member of the app role that could pass the walls': `
    SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolbypassrls AND NOT rolsuper
      AND pg_has_role(oid, 'assistant_app', 'MEMBER')`,
  'a table that the app role owns': `
    SELECT relname FROM pg_class WHERE relnamespace IN ('app'::regnamespace, 'lookup'::regnamespace)
      AND pg_has_role('assistant_app', relowner, 'MEMBER')`,
};

/**
 * Reads the catalogue for everything that would open a wall.
 * @returns a line for each defect, none when the database is isolated
 */
export async function auditCatalogue(dataSource: Pick<DataSource, 'query'>): Promise<string[]> {
  const defects: string[] = [];
  for (const [defect, query] of Object.entries(CHECKS)) {
    const rows = await dataSource.query<Record<string, string>[]>(query);
    defects.push(...rows.map((row) => `${defect}: ${Object.values(row)[0]}`));
  }
  return defects;
}
