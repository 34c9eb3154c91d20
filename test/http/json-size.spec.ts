import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { jsonSize } from '../../src/http/json-size.js';
import { clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { makeConversation, makeMessage, makeToolCall } from '../support/factories.js';

let app: NestFastifyApplication;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

test('a small text that is large as jsonb is refused by what it becomes', async () => {
  const client = await clientOf(app, newOwner());
  const metadata = `{"metadata":{"large":[${Array(100).fill('1e308').join()}]}}`;
  expectProblem(await client.post('/v1/conversations', metadata), 400, 'invalid_request', '/metadata');
  const call = await makeToolCall(
    client,
    await makeMessage(client, await makeConversation(client), { role: 'assistant' }),
  );
  const result = `{"status":"success","result":[${Array(1000).fill('1e-300').join()}]}`;
  const finish = `/v1/tool-calls/${call.id}/finish`;
  expectProblem(await client.post(finish, result), 400, 'invalid_request', '/result');
  expect((await client.post(finish, '{"status":"success","result":[1e308,"1e308"]}')).status).toBe(200);
});

test('the size is never less than what the database prints', async () => {
  const values = [
    { a: [1e308, -1.5e-7, 1e21, 123456789, 0.1] },
    'an 1e5 and ü',
    [],
    {},
    null,
    5e-324,
    [1.7976931348623157e308],
  ];
  const printed = await sqlAsSuperuser<{ size: number }>(
    await workerDatabase(),
    `SELECT octet_length(replace(replace(v::jsonb::text, ', ', ','), ': ', ':')) AS size FROM unnest($1::text[]) AS t(v)`,
    [values.map((value) => JSON.stringify(value))],
  );
  for (const [i, value] of values.entries()) {
    expect([value, jsonSize(value) >= printed[i]!.size]).toEqual([value, true]);
    expect([value, jsonSize(value) - printed[i]!.size < 80]).toEqual([value, true]);
  }
});
