import type { Schema } from './body-fields.js';

const nested = (levels: number, open: string, close: string) =>
  open.repeat(levels) + '1' + close.repeat(levels);

/** JSON that no field takes, whatever it is for, not even free JSON; 33 levels together with the body around it. */
export const NEVER = [
  String.raw`"a\u0000b"`,
  String.raw`"\ud800"`,
  String.raw`"\udc00\ud800"`,
  String.raw`{"a": ["\u0000"]}`,
  String.raw`{"\u0000": 1}`,
  String.raw`{"a": {"\ud83d": 1}}`,
  '{"__proto__": 1}',
  String.raw`{"a": [{"\u005f_proto__": {}}]}`,
  '{"a": {"constructor": {"b": 1}}}',
  '[[{"prototype": null}]]',
  '1e400',
  '{"a": [-1e400]}',
  nested(32, '[', ']'),
  nested(32, '{"a":', '}'),
  nested(20_000, '[', ']'),
  nested(20_000, '{"a":', '}'),
];

/** What is no JSON (RFC 8259) where a value stands. */
export const NO_JSON = [
  'NaN',
  '-Infinity',
  'undefined',
  "'x'",
  '01',
  '+1',
  '.5',
  '1.',
  '0x10',
  '1n',
  '1e',
  '[1,]',
  '{"a":1,}',
  '{a:1}',
  String.raw`"\x00"`,
  String.raw`"\u12"`,
  '"\n"',
  '"\0"',
  '"',
  '1 2',
  '/**/1',
  '',
];

export const DATES = [
  '0000-01-01T00:00:00Z',
  '10000-01-01T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2016-12-31T23:59:60Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+0100',
  '2026-01-01T00:00:00',
  '2026-01-01 00:00:00Z',
  '2026-01-01',
  '2026-W01-1T00:00:00Z',
  'Thu, 01 Jan 2026 00:00:00 GMT',
  '1767225600',
  '٢٠٢٦-01-01T00:00:00Z',
  ' 2026-01-01T00:00:00Z',
  'infinity',
  '',
];

const ID = '0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d';
export const UUIDS = [
  ID.toUpperCase(),
  `{${ID}}`,
  `urn:uuid:${ID}`,
  ID.replaceAll('-', ''),
  `${ID}0`,
  ID.slice(1),
  `${ID.slice(1)}g`,
  `${ID}\n`,
  ` ${ID}`,
  '',
];

/** Forms that a pattern of the document may refuse; one that it allows is not sent as wrong. */
const FORMS = [
  'A-Slug',
  '-a-slug',
  'a_slug',
  'a',
  '4915112345678',
  '+49 151 12345678',
  '+0123456789',
  '+４９15112345678',
  '+491',
  '++4915112345678',
  '',
];

const text = (...values: string[]) => values.map((value) => JSON.stringify(value));
const NOT_STRING = ['1', 'true', '[]', '{}', '["x"]', '{"toString": "x"}'];

/** JSON texts of the wrong type, length or form for a field of this schema. */
export function wrongFor(schema: Schema): string[] {
  const notNull = schema.nullable ? [] : ['null'];
  if (schema.enum) {
    const [name = ''] = schema.enum;
    const forms = ['', name.toUpperCase(), `${name} `, ` ${name}`, `${name}\n`];
    return [...notNull, ...NOT_STRING, ...text(...forms.filter((form) => form !== name))];
  }
  if (schema.format === 'uuid') return [...notNull, ...NOT_STRING, ...text(...UUIDS)];
  if (schema.format === 'date-time') return [...notNull, ...NOT_STRING, ...text(...DATES)];
  if (schema.pattern) {
    const pattern = new RegExp(schema.pattern);
    return [...notNull, ...NOT_STRING, ...text(...FORMS.filter((form) => !pattern.test(form)))];
  }
  if (schema.type === 'string') return [...notNull, ...NOT_STRING, ...lengths(schema)];
  if (schema.type === 'integer')
    return [
      ...notNull,
      '-1',
      '1.5',
      '"1"',
      '2147483648',
      '9007199254740993',
      '1e20',
      'true',
      '[]',
      '[1]',
      '{}',
    ];
  if (schema.type === 'array')
    return [
      ...notNull,
      '{}',
      '{"0": 1, "length": 1}',
      '"x"',
      '1',
      '[null]',
      '[1]',
      '["x"]',
      '[[]]',
      '[{}]',
      tooMany(schema),
    ];
  if (schema.type === 'object' || schema.allOf) return [...notNull, '[]', '[{}]', '"x"', '1', 'true'];
  return [];
}

function lengths({ minLength = 0, maxLength }: Schema): string[] {
  if (maxLength === undefined) return text('');
  const blank = minLength > 0 ? text('', ' ', '\t\r\n', '\u00a0\u3000\ufeff\u2028') : [];
  return [...blank, ...text('x'.repeat(maxLength + 1), '😀'.repeat(maxLength + 1))];
}

const tooMany = ({ maxItems = 100 }: Schema) =>
  `[${Array(maxItems + 1)
    .fill('{}')
    .join()}]`;
