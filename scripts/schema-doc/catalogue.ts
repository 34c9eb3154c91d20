/** Runs a statement without parameters and answers its rows. */
export type RunQuery = <Row extends object>(text: string) => Promise<Row[]>;

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  default: string | null;
}

export interface Constraint {
  name: string;
  /** As in pg_constraint: p primary key, u unique, f foreign key, c check. */
  kind: 'p' | 'u' | 'f' | 'c';
  definition: string;
  columns: string[];
  /** Of a foreign key: the table that it leads to, without its schema. */
  target: string | null;
}

/** Something with a name and its text in SQL or words: an index, a trigger, a policy, a right. */
export interface Named {
  name: string;
  definition: string;
}

export interface Table {
  name: string;
  forced: boolean;
  columns: Column[];
  constraints: Constraint[];
  indexes: Named[];
  policies: Named[];
  triggers: Named[];
  rights: Named[];
}

export interface Function {
  name: string;
  result: string;
  /** The role that it runs as; null where it runs as its caller. */
  runsAs: string | null;
  /** Roles that may call it. */
  callers: string | null;
}

export interface Schema {
  tables: Table[];
  functions: Function[];
}

const aggregate = (fields: string, from: string, order: string) =>
  `coalesce((SELECT json_agg(json_build_object(${fields}) ORDER BY ${order}) FROM ${from}), '[]')`;

const columns = aggregate(
  `'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull,
   'default', pg_get_expr(d.adbin, d.adrelid)`,
  `pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`,
  'a.attnum',
);
const constraints = aggregate(
  `'name', k.conname, 'kind', k.contype, 'definition', pg_get_constraintdef(k.oid),
   'target', (SELECT relname FROM pg_class WHERE oid = k.confrelid),
   'columns', (SELECT json_agg(attname ORDER BY place) FROM unnest(k.conkey) WITH ORDINALITY u (attnum, place)
     JOIN pg_attribute a USING (attnum) WHERE a.attrelid = c.oid)`,
  `pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c')`,
  `array_position('{p,u,f,c}'::"char"[], k.contype), k.conname`,
);
const indexes = aggregate(
  `'name', x.relname, 'definition', pg_get_indexdef(x.oid)`,
  `pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u'))`,
  'x.relname',
);
const policies = aggregate(
  `'name', p.policyname, 'definition', format('%s TO %s USING %s%s', p.cmd, array_to_string(p.roles, ', '),
     coalesce(p.qual, '(true)'), ' WITH CHECK ' || p.with_check)`,
  `pg_policies p WHERE p.schemaname = 'app' AND p.tablename = c.relname`,
  'p.policyname',
);
const triggers = aggregate(
  `'name', t.tgname, 'definition', pg_get_triggerdef(t.oid)`,
  `pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal`,
  't.tgname',
);

/** Rights of every role but the owner of the table: of the whole table, then of single columns. */
const granted = `SELECT grantee, privilege_type AS privilege, NULL AS name, 0 AS place
    FROM aclexplode(c.relacl) WHERE grantee <> c.relowner
  UNION ALL SELECT g.grantee, g.privilege_type, a.attname, a.attnum
    FROM pg_attribute a, aclexplode(a.attacl) g WHERE a.attrelid = c.oid AND g.grantee <> c.relowner`;
const rights = aggregate(
  `'name', role, 'definition', privileges`,
  `(SELECT role, string_agg(privilege || coalesce(' (' || names || ')', ''), ', '
        ORDER BY array_position('{SELECT,INSERT,UPDATE,DELETE}', privilege), names NULLS FIRST) AS privileges
    FROM (SELECT coalesce(r.rolname, 'PUBLIC') AS role, privilege, string_agg(name, ', ' ORDER BY place) AS names
      FROM (${granted}) g LEFT JOIN pg_roles r ON r.oid = g.grantee
      GROUP BY 1, 2, name IS NULL) n
    GROUP BY role) g`,
  'role',
);

const TABLES = `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
    ${columns} AS columns, ${constraints} AS constraints, ${indexes} AS indexes, ${policies} AS policies,
    ${triggers} AS triggers, ${rights} AS rights
  FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')
  ORDER BY c.relname`;

const FUNCTIONS = `SELECT format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_arguments(p.oid)) AS name,
    pg_get_function_result(p.oid) AS result,
    CASE WHEN p.prosecdef THEN pg_get_userbyid(p.proowner) END AS "runsAs",
    (SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM aclexplode(p.proacl) g
      JOIN pg_roles r ON r.oid = g.grantee WHERE g.grantee <> p.proowner) AS callers
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('app', 'lookup')
  ORDER BY n.nspname, p.proname, name`;

/** Reads what the database has: the tables of schema `app`, the functions of `app` and `lookup`. */
export async function readSchema(query: RunQuery): Promise<Schema> {
  return { tables: await query<Table>(TABLES), functions: await query<Function>(FUNCTIONS) };
}
