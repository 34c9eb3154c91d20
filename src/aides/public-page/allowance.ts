import { type Html, markup, type HtmlValue } from '../../http/html.js';

const VALUES = 2000;
const MOST_OF_ONE = 200;
const CHARACTERS = 100_000;
const LONGEST_TEXT = 20_000;
const LONGEST_LABEL = 200;

const COUNT = new Intl.NumberFormat('en');

/** At most `length` UTF-16 units, without half a character at the end. */
const cutAt = (text: string, length: number) => text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

/** How much of a state a page shows, so that it stays small whatever is in there. What is left out is said. */
export class Allowance {
  private values = VALUES;
  private characters = CHARACTERS;

  /** The first of the values of one object or list, all where there is room, and a note on the rest. */
  take<T>(values: readonly T[]): { shown: readonly T[]; note: HtmlValue } {
    const shown = values.slice(0, Math.min(this.values, MOST_OF_ONE));
    this.values -= shown.length;
    const left = values.length - shown.length;
    return { shown, note: left > 0 ? markup`<p class="soft">And ${COUNT.format(left)} more.</p>\n` : [] };
  }

  text(text: string): Html {
    const shown = cutAt(text, Math.min(this.characters, LONGEST_TEXT));
    this.characters -= shown.length;
    const left = text.length - shown.length;
    if (left === 0) return markup`${shown}`;
    return markup`${shown}<span class="soft">… and ${COUNT.format(left)} more characters</span>`;
  }

  label(key: string): Html {
    const shown = cutAt(key, LONGEST_LABEL);
    return markup`${shown}${shown.length < key.length ? '…' : ''}`;
  }
}
