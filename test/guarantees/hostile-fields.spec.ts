import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { type Answer, ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { BodySchema, type Field } from '../support/body-fields.js';
import { type TestDatabase, workerDatabase } from '../support/database.js';
import { fill, type Ids, type Operation, operationsOf, pathOf, pressCreates } from '../support/document.js';
import { SOON } from '../support/hostile-client.js';
import { NEVER, NO_JSON, wrongFor } from '../support/hostile-values.js';
import { rowsOf } from '../support/rows.js';

/** Every class of bad value in every field of every body of the API document, at every depth: refused, nothing stored. */

let app: NestFastifyApplication;
let database: TestDatabase;
let client: ApiClient;
let document: OpenAPIObject;
let operations: Operation[];
let owner: string;
let ids: Ids;

beforeAll(async () => {
  app = await startApp();
  database = await workerDatabase();
  owner = newOwner();
  client = await clientOf(app, owner);
  document = (await new ApiClient(originOf(app)).get<OpenAPIObject>('/openapi.json')).body;
  operations = operationsOf(document);
  ids = await pressCreates(client, operations);
});
afterAll(() => app.close());

interface Case {
  operation: Operation;
  field: Field;
  json: string | undefined;
  body: string;
}

/** These values, in every field that has any. */
function casesOf(valuesOf: (field: Field) => (string | undefined)[]): Case[] {
  return operations
    .filter(({ example }) => example)
    .flatMap((operation) => {
      const schema = new BodySchema(document, operation.path, operation.method);
      return schema.fields().flatMap((field) =>
        valuesOf(field).map((json) => ({
          operation,
          field,
          json,
          body: fill(schema.with(field, json), ids),
        })),
      );
    });
}

async function send({ operation, body }: Case): Promise<{ answer: Answer<Problem>; took: number }> {
  const path = pathOf(operation, ids[operation.parent ?? ''] ?? '', ids);
  const start = performance.now();
  const answer = await client.send<Problem>(operation.method, path, body);
  return { answer, took: performance.now() - start };
}

interface Problem {
  code: string;
  errors?: { pointer: string }[];
}

async function allRefused(cases: Case[], code: string): Promise<void> {
  const before = await rowsOf(database, owner);
  for (const one of cases) {
    const { answer, took } = await send(one);
    const what = [one.operation.name, one.field.path.join('/'), one.json?.slice(0, 40)];
    expect([what, answer.status, answer.body.code]).toEqual([what, 400, code]);
    expect(answer.text.length).toBeLessThan(16_384);
    expect([what, took < SOON]).toEqual([what, true]);
    if (one.json !== undefined && code === 'invalid_request' && answer.body.errors)
      expect([what, answer.body.errors.some(({ pointer }) => pointsInto(one.field, pointer))]).toEqual([
        what,
        true,
      ]);
  }
  expect(await rowsOf(database, owner)).toEqual(before);
}

/** At the field, at something within it or, where a list is wrong as a whole, at one of its items. */
const pointsInto = ({ path }: Field, pointer: string) => `${pointer}/`.startsWith(`/${path.join('/')}/`);

test('what no field takes', async () => {
  const cases = casesOf(() => NEVER);
  expect(cases.length).toBeGreaterThan(800);
  await allRefused(cases, 'invalid_request');
}, 120_000);

test(
  'what is no JSON',
  () =>
    allRefused(
      casesOf(() => NO_JSON),
      'invalid_json',
    ),
  120_000,
);

test('the wrong type, length or form for the field, and no field where one is required', async () => {
  const partial = ({ operation }: Case) => operation.method === 'PATCH';
  const cases = casesOf(({ schema }) => wrongFor(schema));
  const missing = casesOf(({ required }) => (required ? [undefined] : [])).filter((one) => !partial(one));
  expect(cases.length).toBeGreaterThan(500);
  expect(missing.length).toBeGreaterThan(10);
  await allRefused([...cases, ...missing], 'invalid_request');
}, 120_000);

test('the longest text of astral characters, and null where it may be, are not too much', async () => {
  const longest = casesOf(({ schema }) => {
    const { maxLength, nullable } = schema;
    return [...(maxLength ? [JSON.stringify('😀'.repeat(maxLength))] : []), ...(nullable ? ['null'] : [])];
  });
  expect(longest.length).toBeGreaterThan(20);
  for (const one of longest) {
    const { answer } = await send(one);
    const what = [one.operation.name, one.field.path.join('/'), answer.text.slice(0, 400)];
    expect([what, [200, 201, 202, 403, 409, 412, 422].includes(answer.status)]).toEqual([what, true]);
  }
});
