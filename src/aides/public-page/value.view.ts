import { type Html, markup } from '../../http/html.js';
import type { Allowance } from './allowance.js';

/** An object or list with something in it. */
export const isNested = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** A value that holds no others, in words; a text keeps its line breaks, and its direction ends with it. */
export function simpleView(value: unknown, allowance: Allowance): Html {
  if (typeof value === 'string' && value !== '')
    return markup`<p class="text" dir="auto" lang="">${allowance.text(value)}</p>`;
  if (typeof value === 'boolean') return markup`<p>${value ? 'Yes' : 'No'}</p>`;
  if (typeof value === 'number') return markup`<p>${value}</p>`;
  return markup`<p class="soft">None</p>`;
}
