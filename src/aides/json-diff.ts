import { isDeepStrictEqual } from 'node:util';
import { jsonSize } from '../http/json-size.js';
import type { Operation, State } from './json-patch.js';

const LONG = 64 * 1024; // bytes

/**
 * The patch that makes `to` of `from`, in time that grows with their size alone: the shortest edit of a list, which the
 * library looks for, takes three gigabytes where a thousand items differ. A long one is never longer than naming the whole of `to`.
 */
export function difference(from: State, to: State): Operation[] {
  const operations: Operation[] = [];
  compare(from, to, '', operations);
  const whole: Operation[] = [{ op: 'replace', path: '', value: to }];
  const size = jsonSize(operations);
  return size > LONG && size > jsonSize(whole) ? whole : operations;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const step = (path: string, key: string) => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function compare(from: unknown, to: unknown, path: string, operations: Operation[]): void {
  if (Array.isArray(from) && Array.isArray(to)) compareLists(from, to, path, operations);
  else if (isObject(from) && isObject(to) && !Array.isArray(from) && !Array.isArray(to))
    compareObjects(from as State, to as State, path, operations);
  else if (from !== to) operations.push({ op: 'replace', path, value: to });
}

function compareObjects(from: State, to: State, path: string, operations: Operation[]): void {
  for (const key of Object.keys(from))
    if (!Object.hasOwn(to, key)) operations.push({ op: 'remove', path: step(path, key) });
  for (const [key, value] of Object.entries(to)) {
    const at = step(path, key);
    if (Object.hasOwn(from, key)) compare(from[key], value, at, operations);
    else operations.push({ op: 'add', path: at, value });
  }
}

/** What is alike at both ends stays; of what is between, the items are compared in order, and the rest comes or goes. */
function compareLists(from: unknown[], to: unknown[], path: string, operations: Operation[]): void {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && isDeepStrictEqual(from[start], to[start])) start++;
  let end = 0;
  while (end < shorter - start && isDeepStrictEqual(from.at(-1 - end), to.at(-1 - end))) end++;
  for (let i = start; i < shorter - end; i++) compare(from[i], to[i], `${path}/${i}`, operations);
  for (let i = from.length - end - 1; i >= shorter - end; i--)
    operations.push({ op: 'remove', path: `${path}/${i}` });
  for (let i = shorter - end; i < to.length - end; i++)
    operations.push({ op: 'add', path: `${path}/${i}`, value: to[i] });
}
