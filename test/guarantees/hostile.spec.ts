import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { codeOf } from '../support/expectations.js';
import { type Answer, ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { fill, type Ids, type Operation, operationsOf, pathOf, pressCreates } from '../support/document.js';

/** Odd input to every field of the API document: a documented answer, small, and never a 500; and 405 everywhere. */

let app: NestFastifyApplication;
let client: ApiClient;
let operations: Operation[];
let ids: Ids;

beforeAll(async () => {
  app = await startApp();
  client = await clientOf(app, newOwner());
  operations = operationsOf((await new ApiClient(originOf(app)).get<OpenAPIObject>('/openapi.json')).body);
  ids = await pressCreates(client, operations);
});
afterAll(() => app.close());

const MISSING = '';
const VALUES = [
  MISSING,
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e400',
  '2147483648',
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"x"',
  `"${'😀'.repeat(70_000)}"`,
  '[]',
  '[[]]',
  '["a", null]',
  '{}',
  '{"__proto__": 1}',
  '{"toString": 1, "then": {"then": 1}}',
  '"2026-02-30T00:00:00Z"',
  '"0001-01-01T00:00:00+14:00"',
  '"00000000-0000-0000-0000-000000000000"',
  '['.repeat(40) + ']'.repeat(40),
];
function expectDocumented(what: string, { statuses }: Operation, answer: Answer<unknown>): void {
  const { status, text } = answer;
  expect([what, status, statuses.includes(String(status))]).toEqual([what, status, true]);
  expect([what, status < 500]).toEqual([what, true]);
  if (status >= 400) expect([what, text.length < 16_384]).toEqual([what, true]);
}

/** The example of a body with one field of it as the given JSON text, or without it. */
function bodyWith(example: object, field: string, json: string): string {
  const { [field]: _, ...rest } = example as Record<string, unknown>;
  const others = fill(JSON.stringify(rest), ids).slice(1, -1);
  return `{${[others, json && `${JSON.stringify(field)}: ${json}`].filter(Boolean).join()}}`;
}

test('every field of every body', async () => {
  let sent = 0;
  for (const operation of operations.filter(({ example }) => example)) {
    const path = pathOf(operation, ids[operation.parent ?? ''] ?? '', ids);
    for (const field of [...Object.keys(operation.example!), 'unknown']) {
      for (const json of VALUES) {
        const answer = await client.send(operation.method, path, bodyWith(operation.example!, field, json));
        expectDocumented(`${operation.name} ${field}: ${json.slice(0, 40)}`, operation, answer);
        sent++;
      }
    }
  }
  expect(sent).toBeGreaterThan(800);
}, 120_000);

test('a method that a path has not is 405 with Allow on all of them, behind the token', async () => {
  const nobody = new ApiClient(originOf(app));
  for (const path of new Set(operations.map((operation) => operation.path))) {
    const known = operations.filter((operation) => operation.path === path);
    const open = known.some((operation) => operation.public);
    const url = pathOf(known[0]!, ids[path.split('/')[2]!] ?? '', ids);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (known.some((operation) => operation.method === method)) continue;
      const answer = await client.send(method, url);
      expect([method, url, answer.status, codeOf(answer.text)]).toEqual([
        method,
        url,
        405,
        'method_not_allowed',
      ]);
      const allowed = answer.headers
        .get('allow')!
        .split(', ')
        .filter((one) => one !== 'HEAD');
      expect(allowed.toSorted()).toEqual(known.map((operation) => operation.method).toSorted());
      expect((await nobody.send(method, url)).status).toBe(open ? 405 : 401);
    }
  }
});
