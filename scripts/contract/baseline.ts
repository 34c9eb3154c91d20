import type { Document } from './document.ts';

const PROSE = new Set(['description', 'summary', 'example', 'examples', 'tags', 'title']);
/** Below these stand names, and `title` is one like any other. */
const NAMES = new Set([
  'properties',
  'schemas',
  'securitySchemes',
  'paths',
  'responses',
  'headers',
  'content',
]);

/** The document without what no program depends on. */
export const bare = (document: object): Document => strip(document, false) as Document;

function strip(node: unknown, areNames: boolean): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => strip(one, false));
  const kept = Object.entries(node).filter(([key]) => areNames || !PROSE.has(key));
  return Object.fromEntries(kept.map(([key, child]) => [key, strip(child, !areNames && NAMES.has(key))]));
}

const linesOf = (map: object) =>
  Object.entries(map).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
const block = (name: string, lines: string[]) => `"${name}": {\n${lines.join(',\n')}\n}`;

/** As JSON with a line for each operation and each schema, so that a difference shows what changed. */
export function print({ paths, components, ...head }: Document): string {
  const items = Object.entries(paths).map(([path, item]) => block(path, linesOf(item)));
  const parts = Object.entries(components).map(([name, part]) => block(name, linesOf(part as object)));
  return `{\n${[...linesOf(head), block('paths', items), block('components', parts)].join(',\n')}\n}\n`;
}
