import { invalid, Problem } from './problem.js';

export const MAX_DEPTH = 32;
/** Keys that reach prototypes. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const step = (key: string) => key.slice(0, 64).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * What no string, key or number of a request may be, whatever the field: NUL, ill-formed Unicode, a key that reaches
 * prototypes, a number that is not finite, more than 32 levels.
 * @throws Problem `invalid_request` with a pointer to the first offence
 */
export function checkValue(value: unknown, pointer = '', depth = 0): void {
  if (typeof value === 'string') checkText(value, pointer);
  else if (typeof value === 'number' && !Number.isFinite(value))
    throw invalid(pointer, 'number', 'must be a finite number');
  else if (typeof value === 'object' && value !== null) {
    if (depth >= MAX_DEPTH) throw new Problem('invalid_request', 'JSON may be at most 32 levels deep.');
    for (const [key, child] of Object.entries(value)) {
      if (FORBIDDEN_KEYS.has(key)) throw invalid(`${pointer}/${key}`, 'key', 'is not allowed as a key');
      checkText(key, pointer);
      checkValue(child, `${pointer}/${step(key)}`, depth + 1);
    }
  }
}

/** The same for the fields of a DTO, whose names must not be inherited ones: class-transformer would drop them unsaid. */
export function checkFields(fields: object): void {
  checkValue(fields);
  const inherited = Object.keys(fields).find((name) => name in Object.prototype);
  if (inherited) throw invalid(`/${inherited}`, 'unknown', 'is not known here');
}

function checkText(text: string, pointer: string): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw invalid(pointer, 'text', 'must be well-formed Unicode without NUL');
}
