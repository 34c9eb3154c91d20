import fc, { type Arbitrary } from 'fast-check';
import { type Document, resolve, type Schema } from '../../../scripts/contract/document.ts';

const FREE = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });

/** Years that toISOString writes with four digits. */
const INSTANT = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());

/** Well-formed, but what hardly any field takes. */
const WRONG: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 2 ** 31, 1e300, '', ' ', 'x', '\0', '\ud800', '\u2028'),
  fc.constantFrom<unknown>([], [[]], [null], {}, { toString: 1 }, { constructor: 1 }),
  fc.constantFrom(
    '2026-02-30T00:00:00Z',
    '0001-01-01T00:00:00+14:00',
    '00000000-0000-0000-0000-000000000000',
  ),
  fc.constantFrom(
    'x'.repeat(300),
    '😀'.repeat(3000),
    Array.from({ length: 120 }, () => ({})),
  ),
  fc.jsonValue(),
);

/** How far back from the last one made. */
export const LAST = fc.constantFrom(0, 0, 0, 0, 1, 2);

/**
 * Ids by name, since those of a running service are known only when the request is sent: `<own:tasks:0>` is the last task
 * made, `<theirs:tasks:0>` one of another owner, `<gone:tasks:0>` one that was deleted.
 */
export const idOf = (resource: string): Arbitrary<string> =>
  fc.oneof(
    { weight: 16, arbitrary: LAST.map((back) => `<own:${resource}:${back}>`) },
    { weight: 2, arbitrary: fc.constant(`<theirs:${resource}:0>`) },
    { weight: 1, arbitrary: fc.constant(`<gone:${resource}:0>`) },
    { weight: 1, arbitrary: fc.constant('0199a5c0-0000-7000-8000-000000000000') },
  );

/** Values of the schemas of a document. */
export class Values {
  private readonly document: Document;
  /** The resources by their example ids. */
  private readonly resources: Map<string, string>;
  /** How many of 100 values are wrong, wherever they stand. */
  private readonly wrong: number;

  constructor(document: Document, resources: Map<string, string>, wrong = 0) {
    this.document = document;
    this.resources = resources;
    this.wrong = wrong;
  }

  of(given: Schema): Arbitrary<unknown> {
    const schema = resolve(this.document, given);
    const right = schema.nullable ? fc.option(this.right(schema), { freq: 6 }) : this.right(schema);
    return fc.oneof({ weight: 100 - this.wrong, arbitrary: right }, { weight: this.wrong, arbitrary: WRONG });
  }

  private right(schema: Schema): Arbitrary<unknown> {
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if (schema.oneOf) return fc.oneof(...schema.oneOf.map((one) => this.of(one)));
    const { minimum: min, maximum: max, items } = schema;
    switch (schema.type) {
      case 'string':
        return this.text(schema);
      case 'integer':
        return fc.integer({ min: min ?? -100, max: max ?? 1000 });
      case 'number':
        return fc.double({ noNaN: true, noDefaultInfinity: true });
      case 'boolean':
        return fc.boolean();
      case 'array':
        if (schema.example && items!.additionalProperties) return fc.constant(schema.example); // no schema says more
        return fc.array(this.of(items!), { minLength: schema.minItems ?? 0, maxLength: 4 });
      default:
        return schema.properties ? this.object(schema) : FREE;
    }
  }

  private object({ properties = {}, required = [] }: Schema): Arbitrary<unknown> {
    const fields = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, this.of(schema)]),
    );
    const right = fc.record(fields, { requiredKeys: required });
    if (this.wrong === 0) return right;
    const incomplete = fc.record(fields, { requiredKeys: [] });
    const unknown = fc
      .tuple(right, fc.string(), WRONG)
      .map(([object, name, value]) => ({ ...object, [name]: value }));
    return fc.oneof(
      { weight: 8, arbitrary: right },
      { weight: 1, arbitrary: incomplete },
      { weight: 1, arbitrary: unknown },
    );
  }

  private text({ format, pattern, example, minLength = 0, maxLength = 40 }: Schema): Arbitrary<string> {
    if (format === 'uuid') return idOf(this.resources.get(String(example))!);
    if (format === 'date-time') return INSTANT;
    if (pattern) return fc.oneof(fc.stringMatching(new RegExp(pattern)), variantsOf(String(example)));
    const short = fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 40) });
    const right = short.filter(
      (text) => [...text].length <= maxLength && (minLength === 0 || text.trim() !== ''),
    );
    return fc.oneof(
      { weight: 30, arbitrary: right },
      { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) },
    );
  }
}

/** The example with other digits or letters at its end: as possible as it is. */
const variantsOf = (example: string) =>
  fc.nat(99_999).map((n) => example.slice(0, -5) + String(n).padStart(5, '0'));
