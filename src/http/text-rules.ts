import { invalid, Problem } from './problem.js';

export const MAX_DEPTH = 32;
/** Keys that reach prototypes. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A step of a JSON Pointer (RFC 6901), to a key that is cut where it is long. */
export const step = (key: string) =>
  `/${key.slice(0, 64).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;

const pointerTo = (path: readonly string[]) => path.map(step).join('');

/**
 * What no string, key or number of a request may be, whatever the field: NUL, ill-formed Unicode, a key that reaches
 * prototypes, a number that is not finite, more than 32 levels.
 * @throws Problem `invalid_request` with a pointer to the first offence
 */
export function checkValue(value: unknown, path: readonly string[] = []): void {
  if (typeof value === 'string') checkText(value, path);
  else if (typeof value === 'number' && !Number.isFinite(value))
    throw invalid(pointerTo(path), 'number', 'must be a finite number');
  else if (typeof value === 'object' && value !== null) {
    if (path.length >= MAX_DEPTH) throw new Problem('invalid_request', 'JSON may be at most 32 levels deep.');
    for (const [key, child] of Object.entries(value)) {
      const inside = [...path, key];
      if (FORBIDDEN_KEYS.has(key)) throw invalid(pointerTo(inside), 'key', 'is not allowed as a key');
      checkText(key, path);
      checkValue(child, inside);
    }
  }
}

/** The same for the fields of a DTO, whose names must not be inherited ones: class-transformer would drop them unsaid. */
export function checkFields(fields: object): void {
  checkValue(fields);
  const inherited = Object.keys(fields).find((name) => name in Object.prototype);
  if (inherited) throw invalid(`/${inherited}`, 'unknown', 'is not known here');
}

function checkText(text: string, path: readonly string[]): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw invalid(pointerTo(path), 'text', 'must be well-formed Unicode without NUL');
}
