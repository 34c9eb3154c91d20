import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { type Operation, operationsOf, press, pressCreates } from '../support/document.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, makeConversation, makeMessage } from '../support/factories.js';
import { rowsOf } from '../support/rows.js';

let apps: NestFastifyApplication[];
let database: TestDatabase;
let creating: Operation[];
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  apps = [await startApp(), await startApp()];
  database = await workerDatabase();
  const { body } = await (await clientOf(apps[0]!, newOwner())).get<OpenAPIObject>('/openapi.json');
  creating = operationsOf(body).filter((operation) => operation.statuses.includes('201'));
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(apps[0]!, owner);
});
afterAll(() => Promise.all(apps.map((app) => app.close())));

const keyed = (key: string) => ({ 'idempotency-key': key });
const replayed = ({ headers }: { headers: Headers }) => headers.get('idempotent-replayed');
const KEY = keyed('a-key');
const TASK = { title: 'Buy milk' };
const tasks = async () => (await client.get<{ data: object[] }>('/v1/tasks')).body.data.length;

/** What is told once is told to the first request alone. */
const withoutCode = (text: string) => text.replace(/,"pairingCode":"[^"]+"/, '');

test('every operation that creates does so once for a key and answers the same again, on any instance', async () => {
  expect(creating.length).toBeGreaterThanOrEqual(7);
  for (const [i, operation] of creating.entries()) {
    const one = newOwner();
    const here = await clientOf(apps[0]!, one);
    const ids = await pressCreates(here, creating.slice(0, i));
    const first = await press(here, operation, ids, KEY);
    expect([operation.name, first.status, replayed(first)]).toEqual([operation.name, 201, null]);
    const rows = await rowsOf(database, one);
    for (const instance of apps) {
      const again = await press(await clientOf(instance, one), operation, ids, KEY);
      expect([operation.name, again.status, again.text]).toEqual([
        operation.name,
        201,
        withoutCode(first.text),
      ]);
      expect(replayed(again)).toBe('true');
      for (const header of ['etag', 'location', 'content-type'])
        expect([header, again.headers.get(header)]).toEqual([header, first.headers.get(header)]);
    }
    const other = await here.post(operation.path.replace('{id}', ids[operation.parent ?? ''] ?? ''), {}, KEY);
    expect([400, 422]).toContain(other.status); // what is wrong with the body may be found first
    expect(await rowsOf(database, one)).toEqual(rows);
  }
});

test('25 parallel requests with one key make one row, and all have the same answer', async () => {
  const conversation = await makeConversation(client);
  const clients = await Promise.all(apps.map((app) => clientOf(app, owner)));
  const attempts: [string, object][] = [
    ['/v1/tasks', TASK],
    [`/v1/conversations/${conversation.id}/messages`, { role: 'user', content: 'Once' }],
  ];
  for (const [path, body] of attempts) {
    const answers = await atOnce(25, (i) => clients[i % 2]!.post(path, body, KEY));
    expect(statuses(answers)).toEqual({ 201: 25 });
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1);
  }
  expect(await tasks()).toBe(1);
  const { body } = await client.get(`/v1/conversations/${conversation.id}`);
  expect(body.messageCount).toBe(1);
});

test('a key belongs to its owner, and to one body and address', async () => {
  expect((await client.post('/v1/tasks', TASK, KEY)).status).toBe(201);
  expectProblem(await client.post('/v1/tasks', { title: 'Buy oats' }, KEY), 422, 'idempotency_key_reused');
  expectProblem(await client.post('/v1/aides', TASK, KEY), 422, 'idempotency_key_reused');
  const stranger = await clientOf(apps[0]!, newOwner());
  const theirs = await stranger.post('/v1/tasks', TASK, KEY);
  expect([theirs.status, replayed(theirs)]).toEqual([201, null]);
});

test('a message key is of one conversation, and outlives the message and the conversation’s stay in the bin', async () => {
  const [one, two] = [await makeConversation(client), await makeConversation(client)];
  const path = `/v1/conversations/${one.id}/messages`;
  const hello = { role: 'user', content: 'Hello' };
  const first = await client.post(path, hello, KEY);
  expect(first.status).toBe(201);
  expectProblem(
    await client.post(`/v1/conversations/${two.id}/messages`, hello, KEY),
    422,
    'idempotency_key_reused',
  );
  await makeMessage(client, one);
  await client.delete(`/v1/messages/${String(first.body.id)}`);
  expect((await client.post(path, hello, KEY)).text).toBe(first.text);
  await client.delete(`/v1/conversations/${one.id}`);
  const late = await client.post(path, hello, KEY);
  expect([late.text, replayed(late)]).toEqual([first.text, 'true']);
});

test('messages with replies and tool calls are repeated whole, in their order', async () => {
  const conversation = await makeConversation(client);
  const parent = await makeMessage(client, conversation);
  const path = `/v1/conversations/${conversation.id}/messages/batch`;
  const toolCalls = [{ toolName: 'add_task' }];
  const messages = [
    { role: 'user', content: 'Hello', parentId: parent.id },
    { role: 'assistant', content: '', toolCalls },
    { role: 'user', content: 'Thanks' },
  ];
  const first = await client.post<{ data: { seq: number }[] }>(path, { messages }, KEY);
  expect(first.body.data.map(({ seq }) => seq)).toEqual([2, 3, 4]);
  const rows = await rowsOf(database, owner);
  expect((await client.post(path, { messages }, KEY)).text).toBe(first.text);
  expect(await rowsOf(database, owner)).toEqual(rows);
});

test('only success is remembered: a key that failed is free, and nothing of the failure remains', async () => {
  for (let i = 0; i < 5; i++) await makeAide(client);
  const aide = { title: 'One too many' };
  const before = await rowsOf(database, owner);
  expectProblem(await client.post('/v1/aides', aide, KEY), 403, 'tier_limit_exceeded');
  expectProblem(await client.post('/v1/tasks', { title: '' }, KEY), 400, 'invalid_request', '/title');
  expect(await rowsOf(database, owner)).toEqual(before);
  expect(replayed(await client.post('/v1/tasks', TASK, KEY))).toBeNull();
});

test('the order of members and spaces make no other body', async () => {
  const first = await client.post('/v1/tasks', '{"title":"A","priority":"low"}', KEY);
  const again = await client.post('/v1/tasks', '{ "priority": "low", "title": "\\u0041" }', KEY);
  expect([again.text, replayed(again)]).toEqual([first.text, 'true']);
});

test('after 48 hours a key is as good as new, and the purge removes it', async () => {
  const first = await client.post('/v1/tasks', TASK, KEY);
  const age = (hours: number) =>
    sqlAsSuperuser(
      database,
      'UPDATE app.idempotency_keys SET created_at = now() - make_interval(hours => $2) WHERE owner_id = $1',
      [owner, hours],
    );
  const purge = () => sqlAsSuperuser(database, 'SET ROLE assistant_app; SELECT app.purge_idempotency_keys()');
  await age(47);
  await purge();
  expect((await client.post('/v1/tasks', TASK, KEY)).text).toBe(first.text);
  await age(49);
  expect((await client.post('/v1/tasks', { title: 'Another' }, KEY)).body.title).toBe('Another');
  await age(49);
  await purge();
  expect((await rowsOf(database, owner)).idempotency_keys).toEqual([]);
  expect(await tasks()).toBe(2);
});

test('a duplicate of a request that is still being done waits, and is refused after the lock time-out', async () => {
  const first = new pg.Client({ connectionString: database.superuser });
  await first.connect();
  try {
    await first.query('BEGIN');
    await client.get('/v1/me');
    await first.query(
      `INSERT INTO app.idempotency_keys (owner_id, id, key, request_hash) VALUES ($1, gen_random_uuid(), 'a-key', '')`,
      [owner],
    );
    expectProblem(await client.post('/v1/tasks', TASK, KEY), 409, 'idempotency_in_progress');
    await first.query('ROLLBACK');
    expect((await client.post('/v1/tasks', TASK, KEY)).status).toBe(201);
  } finally {
    await first.end();
  }
});

test('a key is 1 to 255 visible ASCII characters', async () => {
  for (const key of ['', ' ', 'two words', 'schön', 'x'.repeat(256), 'a\tb'])
    expectProblem(
      await client.post('/v1/tasks', TASK, keyed(key)),
      400,
      'invalid_request',
      '/Idempotency-Key',
    );
  expect(await tasks()).toBe(0);
  for (const key of ['!', '~'.repeat(255), '"quoted"'])
    expect((await client.post('/v1/tasks', TASK, keyed(key))).status).toBe(201);
});

test('what changes or reads takes no notice of a key', async () => {
  const { body } = await client.post('/v1/tasks', TASK, KEY);
  const path = `/v1/tasks/${String(body.id)}`;
  for (const answer of [
    await client.get(path, KEY),
    await client.patch(path, { title: 'Buy oats' }, KEY),
    await client.post(`${path}/complete`, undefined, KEY),
    await client.delete(path, KEY),
  ])
    expect([answer.status < 300, replayed(answer)]).toEqual([true, null]);
});
