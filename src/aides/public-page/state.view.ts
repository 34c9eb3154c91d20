import { type Html, markup } from '../../http/html.js';
import { Allowance } from './allowance.js';
import { tableView } from './table.view.js';
import { isNested, simpleView } from './value.view.js';

/** Levels of nesting that a phone can still show. */
const DEEPEST = 8;

type Entry = [key: string, value: unknown];

/** A state for people to read: what is simple first, then a section for each key that holds more. */
export function stateView(state: Record<string, unknown>): Html {
  const allowance = new Allowance();
  const { shown, note } = allowance.take(Object.entries(state));
  const simple = shown.filter(([, value]) => !isNested(value));
  const sections = shown.filter(([, value]) => isNested(value));
  return markup`${fields(simple, 1, allowance)}${sections.map((entry) => section(entry, allowance))}${note}`;
}

const section = ([key, value]: Entry, allowance: Allowance) => markup`<section>
<h2 dir="auto" lang="">${allowance.label(key)}</h2>
${view(value, 1, allowance)}</section>
`;

function view(value: unknown, depth: number, allowance: Allowance): Html {
  if (!isNested(value)) return simpleView(value, allowance);
  if (depth > DEEPEST) return markup`<p class="soft">There is more within, too deep for this page.</p>`;
  if (Array.isArray(value)) return tableView(value, allowance) ?? list(value, depth, allowance);
  const { shown, note } = allowance.take(Object.entries(value));
  return markup`${fields(shown, depth, allowance)}${note}`;
}

function fields(entries: readonly Entry[], depth: number, allowance: Allowance): Html {
  if (entries.length === 0) return markup``;
  const field = ([key, value]: Entry) => markup`<div>
<dt dir="auto" lang="">${allowance.label(key)}</dt>
<dd>${view(value, depth + 1, allowance)}</dd>
</div>
`;
  return markup`<dl>
${entries.map(field)}</dl>
`;
}

function list(values: readonly unknown[], depth: number, allowance: Allowance): Html {
  const { shown, note } = allowance.take(values);
  if (shown.length === 0) return markup`${note}`;
  const items = shown.map((value) => markup`<li>${view(value, depth + 1, allowance)}</li>\n`);
  const all = values.some(isNested) ? markup`<ol>\n${items}</ol>\n` : markup`<ul>\n${items}</ul>\n`;
  return markup`${all}${note}`;
}
