import { sqlAsSuperuser, type TestDatabase } from './database.js';

const NAMESPACES = `(SELECT oid FROM pg_namespace WHERE nspname IN ('app', 'lookup', 'public'))`;
const RELATIONS = `pg_class c WHERE c.relnamespace IN ${NAMESPACES} AND c.relname NOT LIKE 'migrations%'`;
const grants = (acl: string) => `(SELECT coalesce(string_agg(
  format('%s may %s', g.grantee::regrole, g.privilege_type), ', ' ORDER BY g.grantee::regrole::text, g.privilege_type), '')
  FROM aclexplode(${acl}) g)`;

/** Everything of the schemas that a migration could leave different, a line each. */
const LINES = [
  `SELECT format('schema %s: %s', nspname, ${grants('nspacl')}) FROM pg_namespace WHERE nspname IN ('app', 'lookup')`,
  `SELECT format('%s %s of %s, RLS %s %s: %s', c.relkind, c.oid::regclass, c.relowner::regrole, c.relrowsecurity,
     c.relforcerowsecurity, ${grants('c.relacl')}) FROM ${RELATIONS}`,
  `SELECT format('column %s.%s %s %s %s: %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
     a.attnotnull, pg_get_expr(d.adbin, d.adrelid), ${grants('a.attacl')})
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid IN (SELECT c.oid FROM ${RELATIONS} AND c.relkind = 'r')`,
  `SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
   WHERE conrelid IN (SELECT c.oid FROM ${RELATIONS})`,
  `SELECT pg_get_indexdef(c.oid) FROM ${RELATIONS} AND c.relkind = 'i'`,
  `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal`,
  `SELECT format('policy %s', p) FROM pg_policies p`,
  `SELECT format('%s of %s: %s', pg_get_functiondef(p.oid), p.proowner::regrole, ${grants('p.proacl')}) FROM pg_proc p
   WHERE p.pronamespace IN ${NAMESPACES}`,
  `SELECT format('default %s %s: %s', defaclrole::regrole, defaclobjtype, ${grants('defaclacl')}) FROM pg_default_acl`,
  `SELECT format('role %s %s %s %s', rolname, rolsuper, rolbypassrls, rolcanlogin) FROM pg_roles
   WHERE rolname LIKE 'assistant%'`,
];

export async function catalogueOf(database: TestDatabase): Promise<string[]> {
  const rows = await sqlAsSuperuser<{ line: string }>(
    database,
    `SELECT line FROM (${LINES.join(' UNION ALL ')}) AS lines(line) ORDER BY line COLLATE "C"`,
  );
  return rows.map(({ line }) => line);
}
