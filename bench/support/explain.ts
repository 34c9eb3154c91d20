import { callbackify } from 'node:util';
import pg from 'pg';
import { OwnerClient } from '#dist/database/owner-client.js';

/** A node of EXPLAIN (FORMAT JSON), as far as it is looked at. */
export interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Filter?: string;
  'Total Cost': number;
  'Plan Rows': number;
  /** Of one loop, as all that follow. */
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
}

/** A statement as the service sent it, and what the database did with it. */
export interface Explained {
  /** The request that issued it. */
  label: string;
  text: string;
  /** For the values at hand, executed. */
  plan: PlanNode;
  /** For any values: what a prepared statement may change to after five executions. */
  generic: PlanNode;
  /** The executed plan as PostgreSQL prints it. */
  printed: string[];
  /** Milliseconds. */
  took: number;
  /** Relations of schema `app` → scans of them, those inside functions, triggers and foreign keys included. */
  indexScans: string[];
  tableScans: string[];
}

interface Result {
  rows: Record<string, unknown>[];
}
type Callback = (error: unknown, result?: unknown) => void;
type Query = (
  this: pg.Client,
  config: unknown,
  values?: unknown,
  callback?: Callback,
) => Promise<Result> | undefined;

const queryOf = ({ prototype }: typeof OwnerClient | typeof pg.Client) =>
  // oxlint-disable-next-line typescript/unbound-method -- called with its client below
  prototype.query as unknown as Query;
const [ownedQuery, plainQuery] = [queryOf(OwnerClient), queryOf(pg.Client)];
const CONTROL = /^\s*(?:BEGIN|COMMIT|ROLLBACK)\b/;
const SCANS = `SELECT relname AS name, relkind AS kind, pg_stat_get_xact_numscans(oid)::int AS scans
  FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'i')`;

/**
 * Explains every statement of the service just before it runs: on the same connection, as the same role and owner, and
 * without a trace.
 * @param labelled the request that is under way; undefined leaves its statements alone
 * @param record takes what was found; where it throws, the statement does not run
 */
export function explainStatements(
  labelled: () => string | undefined,
  record: (found: Explained) => void,
): void {
  const explaining: Query = function (config, values, callback) {
    const label = labelled();
    if (!label || typeof config !== 'string' || CONTROL.test(config))
      return ownedQuery.call(this, config, values, callback);
    const work = async () => {
      record({ label, text: config, ...(await explain(this, config, values)) });
      return ownedQuery.call(this, config, values)!;
    };
    if (!callback) return work();
    callbackify(work)(callback);
    return undefined;
  };
  OwnerClient.prototype.query = explaining as unknown as typeof OwnerClient.prototype.query;
}

async function explain(client: pg.Client, text: string, values: unknown) {
  const run = (sql: string, parameters?: unknown) => ownedQuery.call(client, sql, parameters)!;
  const undone = async <T>(begin: string, rollback: string, work: () => Promise<T>): Promise<T> => {
    await run(begin);
    try {
      return await work();
    } finally {
      await run(rollback);
    }
  };
  const explained = (options: string) =>
    undone('SAVEPOINT explained', 'ROLLBACK TO explained', async () =>
      (await run(`EXPLAIN (ANALYZE, ${options}) ${text}`, values)).rows.map((row) => row['QUERY PLAN']),
    );
  const all = async () => {
    const before = await scans(run);
    const [json] = (await explained('BUFFERS, FORMAT JSON')) as [
      [{ Plan: PlanNode; 'Execution Time': number }],
    ];
    const after = await scans(run);
    const scanned = [...after.keys()].filter((relation) => after.get(relation)! > before.get(relation)!);
    const generic = (await plainQuery.call(client, `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`))!;
    const [{ Plan: genericPlan }] = generic.rows[0]!['QUERY PLAN'] as [{ Plan: PlanNode }];
    return {
      plan: json[0].Plan,
      took: json[0]['Execution Time'],
      generic: genericPlan,
      printed: (await explained('BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF')) as string[],
      indexScans: scanned
        .filter((relation) => relation.startsWith('i '))
        .map((relation) => relation.slice(2)),
      tableScans: scanned
        .filter((relation) => relation.startsWith('r '))
        .map((relation) => relation.slice(2)),
    };
  };
  const idle = (client as unknown as { getTransactionStatus(): string }).getTransactionStatus() === 'I';
  return idle ? undone('BEGIN', 'ROLLBACK', all) : undone('SAVEPOINT outside', 'ROLLBACK TO outside', all);
}

/** Kind and name of each relation → scans of it so far, by this connection. */
async function scans(run: (sql: string) => Promise<Result>): Promise<Map<string, number>> {
  const { rows } = await run(SCANS);
  return new Map(
    rows.map(({ kind, name, scans: count }) => [`${String(kind)} ${String(name)}`, Number(count)]),
  );
}

/** The node and all below it. */
export const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

export const indexesOf = (plan: PlanNode): string[] => [
  ...new Set(nodesOf(plan).flatMap((node) => node['Index Name'] ?? [])),
];
