import { type Explained, indexesOf, nodesOf, type PlanNode } from './explain.ts';

/** Rows that a plan may sort, or read for one page, before it counts as one that no index bounds. */
const MOST_SORTED = 200;
const MOST_READ = 1000;
const PAGE = /\bORDER BY\b.+\bLIMIT \$\d+\s*$/s;

/** The statement of a list: one page, which an index has to deliver in its order. */
export const isPage = ({ text }: Explained) => PAGE.test(text);

/** What is wrong with the plans of a statement. @param large tables that must not be read in full */
export function defectsOf(statement: Explained, large: Set<string>): string[] {
  const { plan, generic } = statement;
  const nodes = nodesOf(plan);
  const defects = statement.tableScans
    .filter((table) => large.has(table))
    .map((table) => `reads all of ${table}`);
  if (kept(plan, generic)) nodes.push(...nodesOf(generic));
  for (const node of nodes) {
    const { 'Node Type': kind, 'Relation Name': relation = '', Filter: filter } = node;
    if (kind === 'Seq Scan' && large.has(relation)) defects.push(`Seq Scan on ${relation}`);
    if (kind.endsWith('Sort') && isPage(statement) && rowsRead(node) > MOST_SORTED)
      defects.push(`${kind} of ${rowsRead(node)} rows: no index has this order`);
    if (filter?.includes('ROW(')) defects.push(`the cursor filters rows instead of skipping them: ${filter}`);
  }
  if (isPage(statement) && rowsRead(plan) > MOST_READ)
    defects.push(`reads ${rowsRead(plan)} rows for one page`);
  return [...new Set(defects)];
}

/** PostgreSQL's own choice (plancache.c, choose_custom_plan): whether it stops planning anew for each execution. */
function kept(custom: PlanNode, generic: PlanNode): boolean {
  const relations = nodesOf(custom).filter((node) => node['Relation Name']).length;
  return generic['Total Cost'] < custom['Total Cost'] + 2.5 * (relations + 1);
}

/** Rows that the scans of a plan looked at; in one that was not executed, those it expects. */
export function rowsRead(plan: PlanNode): number {
  const scans = nodesOf(plan).filter((node) => node['Relation Name']);
  const read = scans.map((node) => {
    const rows = (node['Actual Rows'] ?? node['Plan Rows']) + (node['Rows Removed by Filter'] ?? 0);
    return rows * (node['Actual Loops'] ?? 1);
  });
  return Math.round(read.reduce((sum, rows) => sum + rows, 0));
}

/** The indexes that a statement uses, by its plan or, for changes and functions, by what they set off. */
export function indexesUsed({ plan, text, indexScans }: Explained): string[] {
  const opaque = !/^\s*SELECT/.test(text) || nodesOf(plan).every((node) => !node['Relation Name']);
  return [...new Set([...indexesOf(plan), ...(opaque ? indexScans : [])])];
}
