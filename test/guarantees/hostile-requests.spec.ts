import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startApp } from '../support/app.js';
import { expectRefused, HostileClient } from '../support/hostile-client.js';
import { DATES, UUIDS } from '../support/hostile-values.js';

/** Queries, paths and conditions that are bad, on every route of the API document. */

let app: NestFastifyApplication;
let client: HostileClient;

beforeAll(async () => {
  app = await startApp();
  client = await HostileClient.of(app);
});
afterAll(() => app.close());

const ILL_FORMED = ['%00', '%ed%a0%80', '%ff', '%', '%zz', '%c0%80', 'x'.repeat(8000)];
const BAD_NUMBERS = [
  '0',
  '101',
  '-1',
  '1e2',
  '0x10',
  '%205',
  '5%20',
  '1.0',
  '+1',
  '٣',
  '1_0',
  '1,2',
  '1n',
  'NaN',
  'null',
];

interface Parameter {
  schema: { type?: string; format?: string; enum?: string[]; minimum?: number; maximum?: number };
}

function badValues({ schema }: Parameter): string[] {
  if (schema.format === 'date-time') return DATES.map(encodeURIComponent);
  if (schema.format === 'uuid') return UUIDS.map(encodeURIComponent);
  if (schema.enum)
    return [schema.enum[0]!.toUpperCase(), `${schema.enum[0]}%20`, `${schema.enum[0]},${schema.enum[0]}`];
  const { minimum = 0, maximum = 0 } = schema;
  const isRight = (value: string) => /^\d+$/.test(value) && +value >= minimum && +value <= maximum;
  if (schema.type === 'integer') return BAD_NUMBERS.filter((value) => !isRight(value));
  if (schema.type === 'boolean') return ['1', '0', 'TRUE', 'yes', 'on', 'null', '%20true'];
  return ['null', '.', '%7b%7d', 'W10.W10'];
}

test('every bad value of every parameter of every query', () =>
  client.storingNothing(async () => {
    let sent = 0;
    for (const { method, path, raw } of client.operations.map((one) => ({
      ...one,
      path: client.pathOf(one),
    })))
      for (const parameter of raw.parameters ?? []) {
        if (parameter.in !== 'query') continue;
        const { name } = parameter;
        const good = encodeURIComponent(String(parameter.schema.enum?.[0] ?? parameter.schema.example ?? 1));
        const queries = ['', ...ILL_FORMED, ...badValues(parameter)].map((value) => `${name}=${value}`);
        const forms = [
          `${name}=${good}&${name}=${good}`,
          `${name}[]=${good}`,
          `${name}[a]=${good}`,
          `${name}.a=${good}`,
        ];
        for (const query of [
          ...queries,
          ...forms,
          name,
          `%20${name}=${good}`,
          `${name.toUpperCase()}=${good}`,
        ]) {
          const { status, code, text } = await client.send(method, `${path}?${query}`);
          const what = [method, path, query.slice(0, 60)];
          expect([what, status]).toEqual([what, 400]);
          expect([what, code]).toEqual([what, expect.stringMatching(/^invalid_(request|cursor)$/)]);
          expect(text.length).toBeLessThan(16_384);
          sent++;
        }
      }
    expect(sent).toBeGreaterThan(800);
  }));

test('a parameter that nobody knows, on every route', () =>
  client.storingNothing(async () => {
    const names = [
      'unknown',
      '__proto__',
      'constructor',
      'toString',
      'ownerId',
      '',
      'a[b]',
      '%00',
      'x'.repeat(8000),
    ];
    for (const operation of client.operations)
      for (const name of names) {
        const answer = await client.send(operation.method, `${client.pathOf(operation)}?${name}=1`);
        expectRefused([operation.name, name.slice(0, 20)], answer, 400, 'invalid_request');
      }
  }));

test('every id that is none, and every one that nobody has, in every path', () =>
  client.storingNothing(async () => {
    const bad = ['x', '%00', '%20', '%2e%2e%2f', '..%2f..', '%F0%9F%98%80', '%ff', '%', '0'.repeat(8000)];
    for (const operation of client.operations.filter(({ parent }) => parent)) {
      const body = client.bodyOf(operation);
      const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
      const query = new URLSearchParams(operation.requiredQuery).toString();
      const put = (id: string) =>
        client.send(operation.method, `${client.pathOf(operation, id)}?${query}`, { headers, body });
      for (const id of [...UUIDS.filter(Boolean).map(encodeURIComponent), ...bad]) {
        const { status, code } = await put(id);
        expect([operation.name, id, status, code]).toEqual([operation.name, id, 400, 'invalid_request']);
      }
      for (const id of ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-4fff-bfff-ffffffffffff']) {
        const { status, code } = await put(id);
        expect([operation.name, id, status, code]).toEqual([operation.name, id, 404, 'not_found']);
      }
    }
  }));

test('a path spelt otherwise is another path', () =>
  client.storingNothing(async () => {
    for (const operation of client.operations.filter(({ path }) => path.startsWith('/v1/'))) {
      const path = client.pathOf(operation);
      const others = [`${path}/`, `/${path}`, path.replace('/v1/', '/v1//'), path.replace('/v1', '/V1')];
      for (const other of [...others, `${path}%2f`, `${path}%00`, `${path};a=b`, path.toUpperCase()]) {
        const { status } = await client.send(operation.method, other);
        expect([operation.method, other, [400, 404, 405].includes(status) || status]).toEqual([
          operation.method,
          other,
          true,
        ]);
      }
    }
  }));

const TAGS = [
  '"0"',
  '"-1"',
  '1',
  'W/"1"',
  '"1',
  "'1'",
  '""',
  ',',
  '"1""2"',
  '"1";"2"',
  '"1e0"',
  '"٣"',
  'x'.repeat(8000),
];

test('conditions that are none: nothing is changed on them, and everything is read', () =>
  client.storingNothing(async () => {
    for (const operation of client.operations) {
      const header = operation.raw.parameters?.find((parameter) => parameter.name.startsWith('If-'))?.name;
      if (!header || Object.keys(operation.requiredQuery).length > 0) continue; // `latest` reads what is `{id}`, too
      const reads = header === 'If-None-Match';
      for (const tag of TAGS.filter((one) => !reads || !one.includes('"1"'))) {
        const path = client.pathOf(operation);
        const body = operation.example && client.bodyOf(operation)!;
        const headers = {
          [header]: Buffer.from(tag).toString('latin1'),
          ...(body && { 'content-type': 'application/json' }),
        };
        const { status } = await client.send(operation.method, path, { headers, body });
        const expected = !reads ? 412 : operation.path.includes('{slug}') ? 404 : 200;
        expect([operation.name, tag, status]).toEqual([operation.name, tag, expected]);
      }
    }
  }));
