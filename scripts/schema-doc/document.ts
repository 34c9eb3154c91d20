import { type Constraint, type Function, readSchema, type RunQuery, type Table } from './catalogue.ts';

const INTRODUCTION = `# Schema

Made by \`npm run docs:schema\` from the catalogue of a freshly migrated database; do not edit it. A test compares
it with the database, so it cannot fall behind.

All tables are in schema \`app\`. [isolation.md](isolation.md) explains the policies and rights,
[migrations.md](migrations.md) how to change any of this.`;

const KINDS = { p: 'primary key', u: 'unique', f: 'foreign key', c: 'check' };

const code = (text: string) => `\`${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')}\``;
const shortType = (type: string) => type.replace(/^timestamp(\(\d\)) with time zone$/, 'timestamptz$1');

/**
 * The schema as Markdown: an entity-relationship diagram, then each table with its columns, keys, checks, indexes,
 * policies, triggers and rights, then the functions. The same database gives the same text.
 */
export async function schemaDocument(query: RunQuery): Promise<string> {
  const { tables, functions } = await readSchema(query);
  const parts = [INTRODUCTION, diagram(tables), ...tables.map(section), functionSection(functions)];
  return `${parts.join('\n\n')}\n`;
}

function diagram(tables: Table[]): string {
  const relations = tables.flatMap((table) =>
    ofKind(table, 'f').map(
      (key) => `  ${key.target} ${cardinality(table, key)} ${table.name} : "${key.columns.at(-1)}"`,
    ),
  );
  const entities = tables.map((table) => {
    const attributes = table.columns.map(
      ({ name, type }) => `    ${[shortType(type), name, marks(table, name)].join(' ').trimEnd()}`,
    );
    return [`  ${table.name} {`, ...attributes, '  }'].join('\n');
  });
  return ['```mermaid', 'erDiagram', ...relations, ...entities, '```'].join('\n');
}

const ofKind = (table: Table, kind: Constraint['kind']) => table.constraints.filter((c) => c.kind === kind);

/** One parent, or none where a column of the key may be null, to any number of rows. */
function cardinality(table: Table, { columns }: Constraint): string {
  const optional = table.columns.some(({ name, nullable }) => nullable && columns.includes(name));
  return optional ? '|o--o{' : '||--o{';
}

function marks(table: Table, column: string): string {
  const within = (kind: Constraint['kind']) =>
    ofKind(table, kind).some(({ columns }) => columns.includes(column));
  return [within('p') && 'PK', within('f') && 'FK', within('u') && 'UK'].filter(Boolean).join(', ');
}

function section(table: Table): string {
  const { columns, constraints, indexes, policies, triggers, rights } = table;
  const parts = [
    `## ${table.name}`,
    grid(
      ['column', 'type', 'null', 'default'],
      columns.map((c) => [
        code(c.name),
        shortType(c.type),
        c.nullable ? 'yes' : 'no',
        c.default ? code(c.default) : '',
      ]),
    ),
    grid(
      ['constraint', 'kind', 'definition'],
      constraints.map((c) => [code(c.name), KINDS[c.kind], code(c.definition)]),
    ),
    named('index', 'definition', indexes),
    table.forced
      ? 'Row-level security is enabled and forced.'
      : 'No row-level security: this table has no owner.',
    named('policy', 'definition', policies),
    named('trigger', 'definition', triggers),
    named('role', 'rights', rights),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const named = (first: string, second: string, rows: { name: string; definition: string }[]) =>
  rows.length > 0
    ? grid(
        [first, second],
        rows.map(({ name, definition }) => [code(name), code(definition)]),
      )
    : '';

function functionSection(functions: Function[]): string {
  const rows = functions.map(({ name, result, runsAs, callers }) => [
    code(name),
    code(result),
    runsAs ? code(runsAs) : 'its caller',
    callers ? code(callers) : 'the owner of the schema',
  ]);
  return `## Functions\n\n${grid(['function', 'result', 'runs as', 'called by'], rows)}`;
}

function grid(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
