import { runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import type { AuditEntry } from '../../src/audit-log/audit-entry.entity.js';
import { UsersService } from '../../src/users/users.service.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeMessage,
  makeTask,
  makeToolCall,
  newPhone,
  newSlug,
  readPages,
} from '../support/factories.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const entries = async () => (await readPages<AuditEntry>(client, '/v1/audit-log?limit=3')).flat();

/** Sends a request under a request id of its own and answers the entries that it made. */
async function recorded(method: string, path: string, body?: unknown): Promise<AuditEntry[]> {
  const requestId = `audit-${newSlug()}`;
  await client.send(method, path, body, { 'x-request-id': requestId });
  return (await entries()).filter((entry) => entry.requestId === requestId);
}

test('L1: each change of an aide, its publication included, is one entry with action, id, time and request', async () => {
  const { id } = await makeAide(client);
  const path = `/v1/aides/${id}`;
  for (const [action, method, suffix, body] of [
    ['update', 'PATCH', '', { title: 'Secret plan' }],
    ['publish', 'POST', '/publish', { slug: newSlug() }],
    ['unpublish', 'POST', '/unpublish'],
    ['archive', 'POST', '/archive'],
    ['unarchive', 'POST', '/unarchive'],
    ['delete', 'DELETE', ''],
  ] as const) {
    const found = await recorded(method, path + suffix, body);
    const times = { id: expect.any(String) as string, createdAt: expect.any(String) as string };
    const requestId = expect.any(String) as string;
    expect(found).toEqual([{ ...times, action, entity: 'aide', entityId: id, requestId }]);
  }
  expect((await entries()).at(-1)).toMatchObject({ action: 'create', entity: 'aide', entityId: id });
});

test('L1: conversations, tasks and Signal mappings are recorded', async () => {
  const conversation = await makeConversation(client);
  const task = await makeTask(client);
  const aide = await makeAide(client);
  const [conversationPath, taskPath] = [`/v1/conversations/${conversation.id}`, `/v1/tasks/${task.id}`];
  for (const [action, entity, method, path, body] of [
    ['update', 'conversation', 'PATCH', conversationPath, { title: 'Lisbon' }],
    ['clear', 'conversation', 'DELETE', `${conversationPath}/messages`],
    ['delete', 'conversation', 'DELETE', conversationPath],
    ['restore', 'conversation', 'POST', `${conversationPath}/restore`],
    ['update', 'task', 'PATCH', taskPath, { title: 'Buy bread' }],
    ['complete', 'task', 'POST', `${taskPath}/complete`],
    ['reopen', 'task', 'POST', `${taskPath}/reopen`],
    ['delete', 'task', 'DELETE', taskPath],
    [
      'create',
      'signal_mapping',
      'POST',
      '/v1/signal-mappings',
      { phoneNumber: newPhone(), aideId: aide.id, conversationId: conversation.id },
    ],
    ['erase', 'conversation', 'DELETE', `${conversationPath}?permanent=true&confirm=erase`],
  ] as const)
    expect(await recorded(method, path, body)).toMatchObject([{ action, entity }]);
});

test('L1: a change of tier is recorded', async () => {
  const named = toOwnerId(owner)!;
  await runAs(named, 'operator-1', () => app.get(UsersService).setTier(named, 'pro'));
  expect(await entries()).toMatchObject([
    { action: 'tier', entity: 'user', entityId: null, requestId: 'operator-1' },
  ]);
});

test('L1: what changes nothing, is refused or is append-only itself makes no entry', async () => {
  const conversation = await makeConversation(client);
  const task = await makeTask(client);
  await client.post(`/v1/tasks/${task.id}/complete`);
  const before = (await entries()).length;
  await makeToolCall(client, await makeMessage(client, conversation));
  for (const [method, path, body] of [
    ['PATCH', `/v1/tasks/${task.id}`, {}],
    ['PATCH', `/v1/tasks/${task.id}`, { title: '' }],
    ['POST', `/v1/tasks/${task.id}/complete`],
    ['POST', `/v1/conversations/${conversation.id}/restore`],
    ['POST', '/v1/conversations', { aideId: task.id }],
    ['DELETE', `/v1/tasks/${conversation.id}`],
    ['GET', `/v1/tasks/${task.id}`],
  ] as const)
    expect(await recorded(method, path, body)).toEqual([]);
  expect(await entries()).toHaveLength(before);
});

test('L1: a change that is rolled back leaves no entry', async () => {
  const firstMessage = { role: 'user', content: 'Hello', parentId: '0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d' };
  expect(await recorded('POST', '/v1/conversations', { title: 'Lisbon', firstMessage })).toEqual([]);
  expect(await entries()).toEqual([]);

  await makeAide(client);
  const before = (await entries()).length;
  const answers = await atOnce(12, () => client.post('/v1/aides', { title: 'One more' }));
  const made = answers.filter(({ status }) => status === 201).length;
  expect(made).toBe(4);
  expect(await entries()).toHaveLength(before + made);
});

test('L1: an entry holds no content', async () => {
  const secret = 'a secret of mine';
  const aide = await makeAide(client, { title: secret, state: { secret } });
  await client.patch(`/v1/aides/${aide.id}`, { title: `${secret}, changed` });
  await makeTask(client, { title: secret, description: secret });
  await makeConversation(client, { title: secret, metadata: { secret } });
  const rows = await sqlAsSuperuser(database, 'SELECT a::text FROM app.audit_log a WHERE owner_id = $1', [
    owner,
  ]);
  expect(rows).toHaveLength(4);
  expect(JSON.stringify(rows)).not.toContain('secret');
});

const run = (text: string, values?: unknown[]) => sqlAsApp(database, owner, text, values);

test('L1: the app’s role can neither change nor remove an entry, nor write one of another owner', async () => {
  await makeTask(client);
  await expect(run(`UPDATE app.audit_log SET action = 'other'`)).rejects.toMatchObject(FORBIDDEN);
  await expect(run(`UPDATE app.audit_log SET created_at = now()`)).rejects.toMatchObject(FORBIDDEN);
  await expect(run('DELETE FROM app.audit_log')).rejects.toMatchObject(FORBIDDEN);
  await expect(run('TRUNCATE app.audit_log')).rejects.toMatchObject(FORBIDDEN);
  const insert = `INSERT INTO app.audit_log (owner_id, id, action, entity) VALUES ($1, gen_random_uuid(), 'x', 'y')`;
  await expect(run(insert, [newOwner()])).rejects.toMatchObject(FORBIDDEN);
  expect(await run('SELECT action FROM app.audit_log')).toEqual([{ action: 'create' }]);
});
