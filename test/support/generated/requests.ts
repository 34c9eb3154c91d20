import fc, { type Arbitrary } from 'fast-check';
import type { Document, Operation, Parameter } from '../../../scripts/contract/document.ts';
import { resourceOf } from '../../../src/http/example-ids.ts';
import { harmed } from './harm.ts';
import { idOf, LAST, Values } from './values.ts';

/** A request in which ids, slugs and cursors stand by name, to be filled in when it is sent. */
export interface Request {
  /** Such as `GET /v1/tasks/{id}`. */
  name: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** Without a token it is nobody's. */
  signedIn: boolean;
}

/** Generates requests to the operations of a document: half are right, some are nearly so, and some mean harm. */
export function requestsOf(document: Document): Arbitrary<Request> {
  const resources = resourcesOf(document);
  const [right, nearly] = [0, 12].map((wrong) => new Values(document, resources, wrong));
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const request = requestOf(name, operation, right!);
      const names = queryOf(operation).map((one) => one.name);
      return fc.oneof(
        { weight: 5, arbitrary: request },
        { weight: 3, arbitrary: requestOf(name, operation, nearly!) },
        { weight: 2, arbitrary: harmed(request, names) },
      );
    }),
  );
  return fc.oneof(...operations).map((request) => ({
    ...request,
    body: request.method === 'GET' ? undefined : request.body, // fetch sends none
  }));
}

/** The example id of each path is that of its resource. */
const resourcesOf = ({ paths }: Document) =>
  new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.values(item)
        .flatMap(({ parameters = [] }) => parameters)
        .filter(({ name }) => name === 'id' || name.endsWith('Id'))
        .map(({ name, example }) => [String(example), namedBy(path, name)] as const),
    ),
  );

/** What a parameter of a path names. */
const namedBy = (path: string, name: string) => (name === 'id' ? resourceOf(path) : `${name.slice(0, -2)}s`);

const queryOf = ({ parameters = [] }: Operation) => parameters.filter((one) => one.in === 'query');

/** The kind under which the cursors of a list are known. */
export const cursorsOf = (name: string) => name.replaceAll(/\W+/g, '-');

/** Once in so many times. */
const seldom = <T>(arbitrary: Arbitrary<T>, times = 8): Arbitrary<T | undefined> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const KEYS = fc.nat(200).map((n) => `key-${n}`);
const HEADERS = fc
  .record({
    'content-type': seldom(
      fc.constantFrom('application/merge-patch+json', 'application/json; charset=UTF-8'),
    ),
    'if-match': seldom(fc.constantFrom('*', '"1"', '"2"', '"1", "2"')),
    'if-none-match': seldom(fc.constantFrom('*', '"1"', 'W/"2"')),
    'idempotency-key': seldom(KEYS, 3),
    'x-request-id': seldom(fc.stringMatching(/^[A-Za-z0-9._-]{8,64}$/)),
    accept: seldom(fc.constantFrom('application/json', '*/*', 'text/html')),
  })
  .map((headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)));

function requestOf(name: string, operation: Operation, values: Values): Arbitrary<Request> {
  const [method, path] = name.split(' ') as [string, string];
  const schema = operation.requestBody?.content['application/json']?.schema;
  return fc
    .record({
      address: addressOf(path),
      query: fc.tuple(...queryOf(operation).map((one) => pairOf(one, name, values))),
      body: schema ? values.of(schema).map((value) => JSON.stringify(value)) : fc.constant(undefined),
      headers: HEADERS as Arbitrary<Record<string, string>>,
      signedIn: fc.nat(50).map((n) => n > 0),
    })
    .map(({ address, query, ...rest }) => {
      const pairs = query.filter((one) => one !== undefined).join('&');
      return { name, method, path: pairs ? `${address}?${pairs}` : address, ...rest };
    });
}

const addressOf = (path: string): Arbitrary<string> =>
  path.includes('{id}')
    ? fc
        .tuple(
          idOf(resourceOf(path)),
          idOf(namedBy(path, /\{(\w+Id)\}/.exec(path)?.[1] ?? 'id')),
          fc.constantFrom(1, 1, 2, 9),
        )
        .map(([id, other, version]) =>
          path
            .replace('{id}', id)
            .replace(/\{\w+Id\}/, other)
            .replace('{version}', String(version)),
        )
    : LAST.map((back) => path.replace('{slug}', `<own:slugs:${back}>`));

function pairOf(
  { name, required, schema = {} }: Parameter,
  list: string,
  values: Values,
): Arbitrary<string | undefined> {
  if (name === 'cursor') return seldom(fc.constant(`cursor=<own:${cursorsOf(list)}:0>`), 6);
  const pair = values.of(schema).map((value) => `${name}=${asText(value)}`);
  return required ? pair : seldom(pair, 3);
}

/** Characters of a value in an address: Node itself refuses a head of 16 kB. */
const LONGEST = 400;

/** As it stands in an address; what is named stays readable. */
function asText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^<\w+:[\w-]+:\d>$/.test(text) ? text : encodeURIComponent(text.slice(0, LONGEST).toWellFormed());
}
