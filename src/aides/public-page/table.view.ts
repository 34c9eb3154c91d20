import { type Html, markup } from '../../http/html.js';
import type { Allowance } from './allowance.js';
import { isNested, simpleView } from './value.view.js';

/** What fits a phone without scrolling sideways. */
const MOST_COLUMNS = 4;
const LONGEST_CELL = 60;
const LONGEST_HEADING = 24;

type Row = Record<string, unknown>;

const fits = (value: unknown) =>
  !isNested(value) && (typeof value !== 'string' || value.length <= LONGEST_CELL);

/** The keys that all of these values have, if they are the rows of a small table. */
function columnsOf(values: readonly unknown[]): string[] | undefined {
  const [first] = values;
  if (values.length < 2 || !isNested(first) || Array.isArray(first)) return undefined;
  const columns = Object.keys(first);
  if (columns.length < 2 || columns.length > MOST_COLUMNS) return undefined;
  if (columns.some((column) => column.length > LONGEST_HEADING)) return undefined;
  const isRow = (value: unknown) =>
    isNested(value) &&
    !Array.isArray(value) &&
    Object.keys(value).length === columns.length &&
    columns.every((column) => Object.hasOwn(value, column) && fits((value as Row)[column]));
  return values.every(isRow) ? columns : undefined;
}

/** A list of things that are all alike, as a table; undefined where it makes none. */
export function tableView(values: readonly unknown[], allowance: Allowance): Html | undefined {
  const columns = columnsOf(values);
  if (!columns) return undefined;
  const { shown, note } = allowance.take(values as Row[]);
  if (shown.length === 0) return markup`${note}`;
  const headings = columns.map(
    (column) => markup`<th scope="col" dir="auto" lang="">${allowance.label(column)}</th>`,
  );
  const cells = (row: Row) => columns.map((column) => markup`<td>${simpleView(row[column], allowance)}</td>`);
  return markup`<table>
<thead><tr>${headings}</tr></thead>
<tbody>
${shown.map((row) => markup`<tr>${cells(row)}</tr>\n`)}</tbody>
</table>
${note}`;
}
