import { isDeepStrictEqual } from 'node:util';
import { type Document, inlined, type Operation, type Parameter, type Schema } from './document.ts';
import { type Context, defaults, reasons } from './within.ts';

/**
 * What a client of `old` might no longer be able to do with `now`, a line each; empty where everything was kept or
 * added. New paths, optional parameters, properties of answers and errors break nobody; whatever else a client has relied
 * on has to stay, down to limits and operation ids, which clients are generated from.
 */
export function breakingChanges(old: Document, now: Document): string[] {
  const [before, after] = [inlined(old), inlined(now)];
  return [
    ...Object.entries(before.components.securitySchemes).flatMap(([name, scheme]) =>
      isDeepStrictEqual(scheme, after.components.securitySchemes[name]) ? [] : [`security ${name}: changed`],
    ),
    ...Object.entries(before.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, had]) => {
        const has = after.paths[path]?.[method];
        const found = has ? new Comparison(before, after).operation(had, has) : ['removed'];
        return found.map((reason) => `${method.toUpperCase()} ${path} ${reason}`);
      }),
    ),
  ];
}

const majorOf = ({ info }: Document): number => Number.parseInt(info.version, 10);

/** The breaking changes that the version does not admit to: its major number is not higher than it was. */
export const unannounced = (before: Document, after: Document): string[] =>
  majorOf(after) > majorOf(before) ? [] : breakingChanges(before, after);

class Comparison {
  private readonly before: Document;
  private readonly after: Document;

  constructor(before: Document, after: Document) {
    this.before = before;
    this.after = after;
  }

  operation(old: Operation, now: Operation): string[] {
    return [
      ...(old.operationId === now.operationId ? [] : ['operationId: changed']),
      ...security(old, now),
      ...this.parameters(old.parameters ?? [], now.parameters ?? []),
      ...this.body(old.requestBody, now.requestBody),
      ...this.answers(old, now),
    ];
  }

  private parameters(old: Parameter[], now: Parameter[]): string[] {
    const [known, taken] = [byName(old), byName(now)];
    return [
      ...[...known].flatMap(([name, one]) => {
        const other = taken.get(name);
        return other ? this.taken(one.schema, other.schema, name) : [`${name}: removed`];
      }),
      ...[...taken].flatMap(([name, { required }]) =>
        required && !known.get(name)?.required ? [`${name}: required`] : [],
      ),
    ];
  }

  private body(old: Operation['requestBody'], now: Operation['requestBody']): string[] {
    if (now?.required && !old?.required) return ['body: required'];
    return Object.entries(old?.content ?? {}).flatMap(([type, { schema }]) => {
      const other = now?.content[type];
      return other ? this.taken(schema, other.schema, 'body') : [`body ${type}: removed`];
    });
  }

  private answers(old: Operation, now: Operation): string[] {
    const isNew = Object.keys(now.responses).filter(
      (status) => status.startsWith('2') && !old.responses[status],
    );
    const kept = Object.entries(old.responses).flatMap(([status, { headers = {}, content = {} }]) => {
      const answer = now.responses[status];
      const isError = Number(status) >= 400;
      if (!answer) return isError ? [] : [`${status}: removed`];
      const context = { of: 'answer', openEnums: isError } as const;
      return [
        ...Object.entries(headers).flatMap(([name, { schema }]) => {
          const other = answer.headers?.[name];
          return other
            ? this.given(schema, other.schema, context, `${status} ${name}`)
            : [`${status} ${name}: removed`];
        }),
        ...Object.entries(content).flatMap(([type, { schema }]) => {
          const other = answer.content?.[type];
          return other ? this.given(schema, other.schema, context, status) : [`${status} ${type}: removed`];
        }),
      ];
    });
    return [...isNew.map((status) => `${status}: a new success`), ...kept];
  }

  private taken(old: Schema = {}, now: Schema = {}, at: string): string[] {
    const [before, after] = [
      { document: this.before, schema: old },
      { document: this.after, schema: now },
    ];
    const changed = defaults({ '': old }, { '': now }).map(() => `${at}: default`);
    return [...changed, ...reasons(before, after, { of: 'request' }, at)];
  }

  private given(old: Schema = {}, now: Schema = {}, context: Context, at: string): string[] {
    return reasons(
      { document: this.after, schema: now },
      { document: this.before, schema: old },
      context,
      at,
    );
  }
}

const byName = (list: Parameter[]) =>
  new Map(list.map((one) => [`${one.in} ${one.in === 'header' ? one.name.toLowerCase() : one.name}`, one]));

const waysIn = ({ security = [] }: Operation) => (security.length > 0 ? security : [{}]).map(Object.keys);

/** Each way to be let in that there was must still do; none at all was one, too. */
function security(old: Operation, now: Operation): string[] {
  const suffices = (had: string[]) => waysIn(now).some((need) => need.every((name) => had.includes(name)));
  return waysIn(old).every(suffices) ? [] : ['security: more is needed'];
}
