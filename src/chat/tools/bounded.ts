import { jsonSize } from '../../http/json-size.js';

/** What a tool answers may have, in bytes of JSON: it is stored, chained, and read by a model in every step behind it. */
export const MAX_RESULT = 64 * 1024;

/** As many of the first items as a result has room for. */
export function bounded<Item>(items: Item[]): Item[] {
  let size = 0;
  const past = items.findIndex((item) => (size += jsonSize(item)) > MAX_RESULT);
  return past < 0 ? items : items.slice(0, past);
}
