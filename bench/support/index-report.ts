import { type Explained, indexesOf, nodesOf } from './explain.ts';
import { EXCEPTIONS, type Index } from './indexes.ts';
import { indexesUsed, isPage, rowsRead } from './rules.ts';

const MOST_NAMED = 8;
/** Row-level security, the same in every plan: the owner of the connection is compared once. Lines of little use. */
const OMITTED = /InitPlan \d+$|Index Searches:|Heap Fetches:|Heap Blocks:|Sort Method:/;

/** docs/indexes.md: which request uses which index, with the plan. */
export function indexReport(
  header: string,
  tables: Map<string, number>,
  indexes: Index[],
  found: Explained[],
): string {
  const sections = [...tables].flatMap(([table, rows]) => [
    `## \`${table}\`, ${rows.toLocaleString('en')} rows`,
    ...indexes.filter((index) => index.table === table).map((index) => section(index, found)),
  ]);
  return [header, ...sections, '## Every list and single read', readTable(found)].join('\n\n') + '\n';
}

function section({ name, definition, size }: Index, found: Explained[]): string {
  const users = found.filter((statement) => indexesUsed(statement).includes(name));
  const labels = [...new Set(users.map(({ label }) => `\`${label}\``))];
  const more = labels.length > MOST_NAMED ? ` and ${labels.length - MOST_NAMED} more` : '';
  const serves =
    labels.length > 0
      ? labels.slice(0, MOST_NAMED).join(', ') + more
      : (EXCEPTIONS[name] ?? 'nothing, in a table this small');
  const shown =
    users.find((user) => isPage(user) && user.label.includes('cursor') && leads(user, name)) ??
    users.find((user) => isPage(user) && leads(user, name)) ??
    users.find((user) => indexesOf(user.plan).includes(name));
  const lines = [`### \`${name}\``, `\`${definition}\`, ${size}`, `Serves: ${serves}`];
  if (shown)
    lines.push(
      `\`\`\`text\n-- ${shown.label}, ${shown.took.toFixed(2)} ms\n${trimmed(shown.printed)}\n\`\`\``,
    );
  else if (labels.length > 0)
    lines.push('Scanned inside a function, a trigger or the check of a foreign key.');
  return lines.join('\n\n');
}

const leads = ({ plan }: Explained, index: string) => indexesOf(plan).at(0) === index;

function readTable(found: Explained[]): string {
  const reads = found.filter(({ label, text }) => label.startsWith('GET') && /^\s*SELECT/.test(text));
  const rows = reads.map((read) => {
    const { 'Shared Hit Blocks': hit = 0, 'Shared Read Blocks': missed = 0 } = read.plan;
    const sorts = nodesOf(read.plan).some((node) => node['Node Type'].endsWith('Sort'));
    const order = sorts ? `sorts ${rowsRead(read.plan)}` : isPage(read) ? 'of the index' : '';
    return `| \`${read.label}\` | ${indexesUsed(read).join(', ')} | ${order} | ${rowsRead(read.plan)} | ${hit + missed} | ${read.took.toFixed(2)} |`;
  });
  const head =
    '| request | indexes | order | rows read | blocks | ms |\n| --- | --- | --- | --: | --: | --: |';
  return [head, ...new Set(rows)].join('\n');
}

function trimmed(printed: string[]): string {
  const lines = printed.filter(
    (line, i) => !OMITTED.test(line) && !/InitPlan \d+$/.test(printed[i - 1] ?? ''),
  );
  return lines
    .filter((line) => !/One-Time Filter: .*InitPlan/.test(line))
    .map((line) =>
      line
        .replaceAll(/'([0-9a-f]{8})-[0-9a-f-]{27}'/g, "'$1…'")
        .replaceAll(/timestamp\((\d)\) with time zone/g, 'timestamptz($1)')
        .replaceAll('timestamp with time zone', 'timestamptz')
        .replaceAll(/ loops=1\)/g, ')')
        .replaceAll(/rows=(\d+)\.00/g, 'rows=$1'),
    )
    .join('\n');
}
