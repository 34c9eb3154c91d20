import { type Document, resolve, type Schema } from './document.ts';

/** A schema and the document whose references it uses. */
export interface Side {
  document: Document;
  schema: Schema;
}

/** Who writes the values: the client those of requests, the service those of answers. */
export interface Context {
  of: 'request' | 'answer';
  /** Codes of errors may become more: a program has to expect one that it does not know. */
  openEnums?: boolean;
}

const LEAST = ['minimum', 'minLength', 'minItems'] as const;
const MOST = ['maximum', 'maxLength', 'maxItems'] as const;

/**
 * Why a value of `inner` might be none of `outer`: where, and what. What clients sent must stay within what is taken, and
 * what is answered within what clients knew; only that an answer may have new properties, which clients leave unread.
 */
export function reasons(inner: Side, outer: Side, context: Context, at: string, seen = ''): string[] {
  const pair = `${inner.schema.$ref} ${outer.schema.$ref} `;
  if (inner.schema.$ref && outer.schema.$ref && seen.includes(pair)) return [];
  const [a, b] = [resolve(inner.document, inner.schema), resolve(outer.document, outer.schema)];
  const deeper = (one: Schema, other: Schema, place: string) =>
    reasons({ ...inner, schema: one }, { ...outer, schema: other }, context, place, seen + pair);
  if (a.oneOf ?? a.anyOf ?? b.oneOf ?? b.anyOf) {
    const [some, all] = [a.oneOf ?? a.anyOf ?? [a], b.oneOf ?? b.anyOf ?? [b]];
    return some.flatMap((one) => {
      const fits = all.some((other) => deeper(one, other, at).length === 0);
      return fits ? [] : [`${at}: ${one.type ?? 'one'} is none of the alternatives`];
    });
  }
  return [
    ...valueReasons(a, b, context).map((reason) => `${at}: ${reason}`),
    ...propertyReasons(a, b, context, at, deeper),
    ...(b.items ? deeper(a.items ?? {}, b.items, `${at}[]`) : []),
  ];
}

function valueReasons(a: Schema, b: Schema, { openEnums }: Context): string[] {
  const found: string[] = [];
  const type = a.type === 'integer' && b.type === 'number' ? 'number' : a.type;
  if (b.type && type !== b.type) found.push(`type ${a.type} and ${b.type}`);
  if (b.type && a.nullable && !b.nullable) found.push('null');
  const extra = a.enum?.filter((value) => b.enum && !b.enum.includes(value));
  if (b.enum && !openEnums && (!extra || extra.length > 0))
    found.push(`enum ${extra?.join() ?? 'left open'}`);
  for (const key of ['format', 'pattern'] as const)
    if (b[key] && a[key] !== b[key]) found.push(`${key} ${a[key]} and ${b[key]}`);
  for (const key of LEAST) if (b[key] !== undefined && !(a[key]! >= b[key])) found.push(key);
  for (const key of MOST) if (b[key] !== undefined && !(a[key]! <= b[key])) found.push(key);
  return found;
}

type Deeper = (inner: Schema, outer: Schema, at: string) => string[];

function propertyReasons(a: Schema, b: Schema, { of }: Context, at: string, deeper: Deeper): string[] {
  if (b.type !== 'object') return [];
  const [ours, theirs] = [a.properties ?? {}, b.properties ?? {}];
  const [before, after] = of === 'request' ? [ours, theirs] : [theirs, ours];
  const removed = Object.keys(before).filter((name) => !(name in after));
  const required = (b.required ?? []).filter(
    (name) => !a.required?.includes(name) && !removed.includes(name),
  );
  const changed = of === 'request' ? defaults(before, after) : [];
  return [
    ...(a.additionalProperties && !b.additionalProperties ? [`${at}: other properties`] : []),
    ...required.map((name) => `${at}.${name}: required`),
    ...removed.map((name) => `${at}.${name}: removed`),
    ...changed.map((name) => `${at}.${name}: default`),
    ...Object.keys(ours)
      .filter((name) => name in theirs)
      .flatMap((name) => deeper(ours[name]!, theirs[name]!, `${at}.${name}`)),
  ];
}

/** Names of those whose default is no longer the same: what was left out means something else now. */
export const defaults = (before: Record<string, Schema>, after: Record<string, Schema>): string[] =>
  Object.keys(before).filter((name) => {
    const { default: value } = before[name]!;
    return value !== undefined && after[name] !== undefined && after[name].default !== value;
  });
