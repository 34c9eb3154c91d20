import fc, { type Arbitrary } from 'fast-check';
import type { Request } from './requests.ts';

type Harm = Arbitrary<(request: Request) => Partial<Request>>;

/** What a client of HTTP can send at all. */
const HEADER = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code === 127 ? 126 : code)),
  maxLength: 300,
});
const HEADERS =
  'if-match if-none-match idempotency-key accept x-request-id content-type content-encoding authorization cookie origin';
const TYPES = ['text/plain', 'application/json; charset=latin1', 'multipart/form-data', 'application/jsonp'];
const TEXTS =
  '| |null|1|"x"|[]|[{}]|{|{"a":1,}|{"a":1e999}|{"__proto__":{}}|{"a":"\\u0000"}|{"a":"\\ud800"}'.split('|');
const SEGMENTS = 'x|%00|%20|..%2f..|%ed%a0%80|%F0%9F%98%80|%|%27'.split('|');

const headers: Harm = fc.oneof(
  fc
    .tuple(fc.constantFrom(...HEADERS.split(' ')), HEADER)
    .map(([name, value]) => (request: Request) => ({ headers: { ...request.headers, [name]: value } })),
  fc
    .constantFrom(...TYPES)
    .map((type) => (request: Request) => ({ headers: { ...request.headers, 'content-type': type } })),
);

const bodies: Harm = fc
  .oneof(
    fc.constantFrom(...TEXTS),
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('['.repeat(5000), `{"a":"${'x'.repeat(300_000)}"}`),
  )
  .map((body) => () => ({ body }));

const segments: Harm = fc
  .constantFrom(...SEGMENTS, 'A'.repeat(36), '0'.repeat(3000))
  .map((segment) => ({ path }) => ({ path: path.replace(/<[^>]+>/, segment) }));

const parameters = (names: string[]): Harm =>
  fc
    .tuple(
      fc.constantFrom(...names, 'limit[]', 'unknown', 'toString'),
      fc.oneof(HEADER, fc.constantFrom('', '1e2', '-1', '\0')),
    )
    .map(([name, value]) => ({ path }) => ({
      path: `${path}${path.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`,
    }));

/**
 * The request with harm done in one place, so that what comes behind it is reached.
 * @param names those of its parameters
 */
export const harmed = (request: Arbitrary<Request>, names: string[]): Arbitrary<Request> =>
  fc
    .tuple(request, fc.oneof(headers, bodies, segments, parameters(names)))
    .map(([right, harm]) => ({ ...right, ...harm(right) }));
