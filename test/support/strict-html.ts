import { STYLE } from '../../src/http/html-style.js';

/**
 * Reads a page by a grammar so narrow that every parser of HTML agrees with it: tags and quoted attributes from two short lists,
 * `<`, `>`, quotes and `&` nowhere else but as one of five references. What a value could smuggle in is an error here.
 */

export interface Read {
  /** Names of the elements, in order. */
  elements: string[];
  /** The texts between tags, references resolved; without those of spaces and line feeds alone. */
  texts: string[];
}

const DOCTYPE = '<!doctype html>\n';
const ATTRIBUTES: Record<string, RegExp> = {
  lang: /^(en)?$/,
  charset: /^utf-8$/,
  name: /^viewport$/,
  content: /^width=device-width, initial-scale=1$/,
  class: /^(soft|text)$/,
  dir: /^auto$/,
  scope: /^col$/,
  datetime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
};
const ELEMENTS = new Set(
  'html head meta title style body main header section h1 h2 p span time dl div dt dd ul ol li table thead tbody tr th td'.split(
    ' ',
  ),
);
const REFERENCES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"<>&]*")*)>|([^<>&"']|&(?:amp|lt|gt|quot|#39);)+/y;

const resolved = (text: string) => text.replaceAll(/&([^;]+);/g, (_, name: string) => REFERENCES[name]!);

/** @throws Error at the first thing that is not of the grammar */
export function readStrictly(page: string): Read {
  const [before, after, ...more] = page.split(`<style>${STYLE}</style>`);
  if (!before!.startsWith(DOCTYPE) || after === undefined || more.length > 0)
    throw new Error('another frame');
  const text = `${before!.slice(DOCTYPE.length)}${after}`;
  const read: Read = { elements: [], texts: [] };
  const open: string[] = [];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const [whole, closing, name, attributes] = token.exec(text) ?? [];
    if (whole === undefined) throw new Error(`unexpected: ${text.slice(at, at + 80)}`);
    if (!name) read.texts.push(...(/^[\n ]*$/.test(whole) ? [] : [resolved(whole)]));
    else if (closing) closes(open.pop(), name);
    else {
      checkTag(name, attributes!);
      read.elements.push(name);
      if (name !== 'meta') open.push(name);
    }
  }
  closes(open.pop(), undefined);
  return read;
}

function closes(open: string | undefined, name: string | undefined): void {
  if (open !== name) throw new Error(`</${name}> closes <${open}>`);
}

function checkTag(name: string, attributes: string): void {
  if (!ELEMENTS.has(name)) throw new Error(`element ${name}`);
  for (const [, key, value] of attributes.matchAll(/ ([a-z]+)="([^"]*)"/g))
    if (!ATTRIBUTES[key!]?.test(value!)) throw new Error(`attribute ${key}="${value}"`);
}
