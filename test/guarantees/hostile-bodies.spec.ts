import { gzipSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startApp } from '../support/app.js';
import { expectRefused, HostileClient } from '../support/hostile-client.js';

/** Bodies that are bad as a whole, to every route of the API document. */

let app: NestFastifyApplication;
let client: HostileClient;

beforeAll(async () => {
  app = await startApp();
  client = await HostileClient.of(app);
});
afterAll(() => app.close());

const JSON_TYPE = 'application/json';
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const endless = (bytes: number) => new Blob([Buffer.alloc(bytes, ' ')]).stream();

type BodyInit = NonNullable<RequestInit['body']>;
type Make = (json: string) => [body: BodyInit, headers: Record<string, string>, status: number, code: string];
const invalid = [400, 'invalid_json'] as const;
const unsupported = [415, 'unsupported_media_type'] as const;
const whole = (body: BodyInit): ReturnType<Make> => [
  body,
  { 'content-type': JSON_TYPE },
  400,
  'invalid_request',
];
const typed = (body: BodyInit, type: string): ReturnType<Make> => [
  body,
  { 'content-type': type },
  ...unsupported,
];

const BODIES: Record<string, Make> = {
  nothing: () => ['', { 'content-type': JSON_TYPE }, ...invalid],
  null: () => whole('null'),
  'a list': (json) => whole(`[${json}]`),
  'a string': () => whole('"x"'),
  'a number': () => whole('1'),
  'a boolean': () => whole('true'),
  'half of it': (json) => [json.slice(0, -1), { 'content-type': JSON_TYPE }, ...invalid],
  'it twice': (json) => [json + json, { 'content-type': JSON_TYPE }, ...invalid],
  'a byte order mark': (json) => [`\ufeff${json}`, { 'content-type': JSON_TYPE }, ...invalid],
  'UTF-16 unsaid': (json) => [utf16(json), { 'content-type': JSON_TYPE }, ...invalid],
  'UTF-16': (json) => typed(utf16(json), `${JSON_TYPE}; charset=utf-16`),
  'UTF-7': (json) => typed(json, `${JSON_TYPE}; charset=UTF-7`),
  latin1: (json) => typed(Buffer.from(json, 'latin1'), `${JSON_TYPE};charset="iso-8859-1"`),
  'two charsets': (json) => typed(json, `${JSON_TYPE}; charset=utf-8; charset=latin1`),
  'a cut charset': (json) => typed(json, `${JSON_TYPE}; charset="utf-8`),
  'a lone byte': () => [Buffer.from('{"x\xff":1}', 'latin1'), { 'content-type': JSON_TYPE }, ...invalid],
  'an overlong form': () => [
    Buffer.from('{"\xc0\x80":1}', 'latin1'),
    { 'content-type': JSON_TYPE },
    ...invalid,
  ],
  'a surrogate': () => [
    Buffer.from('{"\xed\xa0\x80":1}', 'latin1'),
    { 'content-type': JSON_TYPE },
    ...invalid,
  ],
  gzip: (json) => [gzipSync(json), { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' }, ...unsupported],
  'gzip unsaid': (json) => [gzipSync(json), { 'content-type': JSON_TYPE }, ...invalid],
  'two encodings': (json) => [
    json,
    { 'content-type': JSON_TYPE, 'content-encoding': 'identity, br' },
    ...unsupported,
  ],
  'no type': (json) => [Buffer.from(json), {}, ...unsupported],
  text: (json) => typed(json, 'text/plain'),
  'JSON as text': (json) => typed(json, 'text/json'),
  'two types': (json) => typed(json, `${JSON_TYPE}, text/plain`),
  'another JSON': (json) => typed(json, 'application/vnd.api+json'),
  'a form': () => typed('title=x', 'application/x-www-form-urlencoded'),
  'a form in parts': () => typed('--x\r\n\r\n\r\n--x--', 'multipart/form-data; boundary=x'),
};

test('every bad body as a whole, to every route that takes one', () =>
  client.storingNothing(async () => {
    for (const operation of client.operations.filter(({ example }) => example)) {
      const json = client.bodyOf(operation)!;
      const path = client.pathOf(operation);
      for (const [name, make] of Object.entries(BODIES)) {
        const [body, headers, status, code] = make(json);
        expectRefused(
          [operation.name, name],
          await client.send(operation.method, path, { body, headers }),
          status,
          code,
        );
      }
    }
  }));

test('a body beyond the limit, announced or not', () =>
  client.storingNothing(async () => {
    for (const operation of client.operations.filter(({ example }) => example)) {
      const path = client.pathOf(operation);
      const headers = { 'content-type': JSON_TYPE };
      const large = Buffer.alloc(1024 * 1024 + 1, ' ');
      expectRefused(
        operation.name,
        await client.send(operation.method, path, { body: large, headers }),
        413,
        'too_large',
      );
      const init = { body: endless(large.length), headers, duplex: 'half' } as RequestInit;
      expectRefused(
        [operation.name, 'in chunks'],
        await client.send(operation.method, path, init),
        413,
        'too_large',
      );
    }
  }));

test('a body that is no JSON to routes that take none', () =>
  client.storingNothing(async () => {
    const without = client.operations.filter(
      ({ example, method }) => !example && !['GET', 'HEAD'].includes(method),
    );
    expect(without.length).toBeGreaterThan(10);
    for (const operation of without) {
      const path = client.pathOf(operation);
      const broken = await client.send(operation.method, path, {
        body: '{',
        headers: { 'content-type': JSON_TYPE },
      });
      expectRefused(operation.name, broken, 400, 'invalid_json');
      expectRefused(
        operation.name,
        await client.send(operation.method, path, { body: 'x' }),
        415,
        'unsupported_media_type',
      );
    }
  }));
