/** Text that is HTML already. Nothing but the tag below and constants of this source may make it. */
export class Html {
  constructor(private readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export type HtmlValue = Html | string | number | readonly HtmlValue[];

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(value: HtmlValue): string {
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(escaped).join('');
  return String(value).replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/**
 * HTML whose values are text wherever they stand: between tags, and in attributes that are quoted. Not called `html`:
 * Prettier would lay out what it takes for HTML, and white space counts in it.
 */
export const markup = (strings: TemplateStringsArray, ...values: HtmlValue[]): Html =>
  new Html(String.raw({ raw: strings }, ...values.map(escaped)));
