import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Me } from '../../src/users/user.dto.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeMessage,
  makeSignalMapping,
  makeTask,
  makeToolCall,
} from '../support/factories.js';

let app: NestFastifyApplication;
let otherInstance: NestFastifyApplication;
let database: TestDatabase;

beforeAll(async () => {
  database = await workerDatabase();
  [app, otherInstance] = await Promise.all([startApp(), startApp()]);
});
afterAll(() => Promise.all([app.close(), otherInstance.close()]));

const ERASE = '/v1/me?confirm=erase';
const EMPTY = { aides: 0, conversations: 0, messages: 0, tasks: 0, turns: 0, tokens: 0 };

async function fill(client: ApiClient): Promise<void> {
  const aide = await makeAide(client);
  const conversation = await makeConversation(client, { aideId: aide.id });
  await makeToolCall(client, await makeMessage(client, conversation));
  await makeSignalMapping(client, { aideId: aide.id, conversationId: conversation.id });
  await makeTask(client);
}

/** Rows of the owner in every table of schema app that has owners, found in the catalogue. */
async function rowsByTable(owner: string): Promise<Record<string, number>> {
  const tables = await sqlAsSuperuser<{ name: string; owner_column: string }>(
    database,
    `SELECT c.relname AS name, a.attname AS owner_column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')
       AND a.attname = CASE c.relname WHEN 'users' THEN 'id' ELSE 'owner_id' END ORDER BY 1`,
  );
  const counts = tables.map(
    (table) =>
      `SELECT '${table.name}' AS name, count(*)::int FROM app.${table.name} WHERE ${table.owner_column} = $1`,
  );
  const rows = await sqlAsSuperuser<{ name: string; count: number }>(database, counts.join(' UNION ALL '), [
    owner,
  ]);
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

test('O2: the first request makes the owner: free, empty, with the limits of the tier', async () => {
  const owner = newOwner();
  const { status, body } = await (await clientOf(app, owner)).get<Me>('/v1/me');
  const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(status).toBe(200);
  expect(body).toEqual({
    tier: 'free',
    createdAt: time,
    updatedAt: time,
    usage: EMPTY,
    limits: { aides: 5, turns: 500, tokens: 1_000_000 },
  });
  expect(await rowsByTable(owner)).toMatchObject({ users: 1 });
});

test('O2: 20 first requests at once make one owner', async () => {
  const owner = newOwner();
  const [a, b] = [await clientOf(app, owner), await clientOf(otherInstance, owner)];
  const answers = await atOnce(20, (i) => (i % 2 ? a : b).post('/v1/tasks', { title: 'Buy milk' }));
  expect(statuses(answers)).toEqual({ 201: 20 });
  expect(await rowsByTable(owner)).toMatchObject({ users: 1, tasks: 20 });
});

test('O2: usage counts what is there, not what is archived or deleted', async () => {
  const client = await clientOf(app, newOwner());
  await fill(client);
  const archived = await makeAide(client);
  await client.post(`/v1/aides/${archived.id}/archive`);
  const deleted = await makeConversation(client, { firstMessage: { role: 'user', content: 'Hello' } });
  await client.delete(`/v1/conversations/${deleted.id}`);
  const { body } = await client.get<Me>('/v1/me');
  expect(body.usage).toEqual({ aides: 1, conversations: 1, messages: 1, tasks: 1, turns: 0, tokens: 0 });
});

test.each(['', '?confirm=', '?confirm=yes', '?confirm=ERASE', '?confirm=erase&confirm=erase'])(
  'O2: erasure with "%s" is refused and loses nothing',
  async (query) => {
    const owner = newOwner();
    const client = await clientOf(app, owner);
    await makeTask(client);
    expectProblem(await client.delete(`/v1/me${query}`), 400, 'invalid_request', '/confirm');
    expect(await rowsByTable(owner)).toMatchObject({ users: 1, tasks: 1 });
  },
);

test('O2, Y2: erasure leaves no row of the owner in any table, and every row of the others', async () => {
  const [owner, other] = [newOwner(), newOwner()];
  const [client, stranger] = [await clientOf(app, owner), await clientOf(app, other)];
  await fill(client);
  await fill(stranger);
  const before = await rowsByTable(owner);
  const kept = await rowsByTable(other);
  for (const table of [
    'users',
    'aides',
    'conversations',
    'messages',
    'tasks',
    'tool_calls',
    'signal_mappings',
    'audit_log',
  ])
    expect({ table, rows: before[table] }).not.toEqual({ table, rows: 0 });

  expect((await client.delete(ERASE)).status).toBe(204);

  expect(Object.entries(await rowsByTable(owner)).filter(([, rows]) => rows > 0)).toEqual([]);
  expect(await rowsByTable(other)).toEqual(kept);
});

test('O2: after erasure the same token opens a fresh, empty account', async () => {
  const client = await clientOf(app, newOwner());
  await fill(client);
  await client.delete(ERASE);
  expect((await client.get<Me>('/v1/me')).body).toMatchObject({ tier: 'free', usage: EMPTY });
  expect((await client.get<{ data: unknown[] }>('/v1/audit-log')).body.data).toEqual([]);
  await fill(client);
});

test.each([
  ['an aide', (client: ApiClient) => client.post('/v1/aides', { title: 'Planner' }), 201],
  ['a task', (client: ApiClient) => client.post('/v1/tasks', { title: 'Buy milk' }), 201],
  ['a conversation', (client: ApiClient) => client.post('/v1/conversations', {}), 201],
  [
    'a conversation with a message',
    (client: ApiClient) =>
      client.post('/v1/conversations', { firstMessage: { role: 'user', content: 'Hello' } }),
    201,
  ],
  ['GET /v1/me', (client: ApiClient) => client.get('/v1/me'), 200],
] as const)(
  'O2: erased through another instance, %s is served here all the same',
  async (_, request, status) => {
    const owner = newOwner();
    const [here, there] = [await clientOf(app, owner), await clientOf(otherInstance, owner)];
    await here.get('/v1/me');
    await there.delete(ERASE);
    expect((await request(here)).status).toBe(status);
    expect(await rowsByTable(owner)).toMatchObject({ users: 1 });
  },
);

test('O2: erasures among writes never make an error of the server', async () => {
  const client = await clientOf(app, newOwner());
  const answers = await atOnce(40, (i) =>
    i % 8 === 0 ? client.delete(ERASE) : client.post('/v1/tasks', { title: 'Buy milk' }),
  );
  expect(answers.filter(({ status }) => status >= 500 && status !== 503)).toEqual([]);
  expect((await client.get('/v1/me')).status).toBe(200);
});
