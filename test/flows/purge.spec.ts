import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { PurgeService } from '../../src/conversations/purge.service.js';
import type { Message } from '../../src/messages/message.entity.js';
import { type ApiClient, clientOf, newOwner, startApp, testConfig } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { makeConversation, makeMessage, makeSignalMapping, makeToolCall } from '../support/factories.js';

type App = Awaited<ReturnType<typeof startApp>>;

let apps: App[];
let database: TestDatabase;
let client: ApiClient;

beforeAll(async () => {
  database = await freshDatabase(`purge_${process.env.JEST_WORKER_ID}`); // what it removes belongs to all owners
  apps = await Promise.all([1, 2].map(() => startApp(testConfig({ PURGE_AFTER_DAYS: '7' }), database.app)));
  client = await clientOf(apps[0]!, newOwner());
});
beforeEach(() => letPass('2 hours'));
afterAll(() => Promise.all(apps.map((app) => app.close())));

const sql = <Row extends object>(text: string, values?: unknown[]) =>
  sqlAsSuperuser<Row>(database, text, values);
const letPass = (time: string) => sql(`UPDATE app.jobs SET ran_at = now() - $1::interval`, [time]);
const age = (table: string, id: string, days: number) =>
  sql(`UPDATE app.${table} SET deleted_at = now() - make_interval(days => $2) WHERE id = $1`, [id, days]);
const left = async (table: string, rows: { id: string }[]) => {
  const ids = rows.map(({ id }) => id);
  const found = await sql<{ id: string }>(`SELECT id FROM app.${table} WHERE id = ANY($1)`, [ids]);
  return ids.filter((id) => found.some((row) => row.id === id));
};
const purge = (app = apps[0]!) => app.get(PurgeService).purge();

async function deleted(conversation: Conversation, days: number): Promise<Conversation> {
  await client.delete(`/v1/conversations/${conversation.id}`);
  await age('conversations', conversation.id, days);
  return conversation;
}

async function deletedMessage(message: Message, days = 8): Promise<Message> {
  await client.delete(`/v1/messages/${message.id}`);
  await age('messages', message.id, days);
  return message;
}

test('C3: what was deleted before the set time goes for ever, with all that belongs to it', async () => {
  const old = await makeConversation(client);
  const message = await makeMessage(client, old, { role: 'assistant' });
  const call = await makeToolCall(client, message);
  const mapping = await makeSignalMapping(client, { conversationId: old.id });
  await deleted(old, 8);
  const recent = await deleted(await makeConversation(client), 6);
  const living = await makeConversation(client);

  expect(await purge()).toBe(1);

  expect(await left('conversations', [old, recent, living])).toEqual([recent.id, living.id]);
  expect(await left('messages', [message])).toEqual([]);
  expect(await left('tool_calls', [call])).toEqual([]);
  expect(await left('signal_mappings', [mapping])).toEqual([]);
});

test('C3: deleted messages go as well; seq is not given again and the count stays exact', async () => {
  const conversation = await makeConversation(client);
  const [old, recent, kept] = [
    await deletedMessage(await makeMessage(client, conversation)),
    await deletedMessage(await makeMessage(client, conversation), 6),
    await makeMessage(client, conversation),
  ];
  expect(await purge()).toBe(1);
  expect(await left('messages', [old, recent, kept])).toEqual([recent.id, kept.id]);
  expect(await makeMessage(client, conversation)).toMatchObject({ seq: 4 });
  const { body } = await client.get<Conversation>(`/v1/conversations/${conversation.id}`);
  expect(body.messageCount).toBe(2);
});

test('C3, M6: a deleted message stays while a reply to it lives, also a reply’s reply', async () => {
  const conversation = await makeConversation(client);
  const reply = (parent?: Message) => makeMessage(client, conversation, { parentId: parent?.id ?? null });
  const first = await reply();
  const second = await reply(first);
  const living = await reply(second);
  await deletedMessage(first);
  await deletedMessage(second);
  expect(await purge()).toBe(0);
  expect(await left('messages', [first, second, living])).toHaveLength(3);

  await deletedMessage(living, 6);
  await letPass('2 hours');
  expect(await purge()).toBe(0);

  await age('messages', living.id, 8);
  await letPass('2 hours');
  expect(await purge()).toBe(3);
  expect(await left('messages', [first, second, living])).toEqual([]);
});

test('C3: it runs at most once an hour', async () => {
  expect(await purge()).toBe(0);
  await deleted(await makeConversation(client), 8);
  expect(await purge()).toBeUndefined();
  await letPass('59 minutes');
  expect(await purge()).toBeUndefined();
  await letPass('61 minutes');
  expect(await purge()).toBe(1);
});

test('C3: of two instances at once one purges', async () => {
  const conversations = [];
  for (let i = 0; i < 5; i++) conversations.push(await deleted(await makeConversation(client), 8));
  const results = await Promise.all([...apps, ...apps].map((app) => purge(app)));
  expect(results.filter((gone) => gone !== undefined)).toEqual([5]);
  expect(await left('conversations', conversations)).toEqual([]);
});

test('C3: a conversation restored in time is not purged', async () => {
  const conversation = await deleted(await makeConversation(client), 8);
  await client.post(`/v1/conversations/${conversation.id}/restore`);
  expect(await purge()).toBe(0);
  expect(await left('conversations', [conversation])).toHaveLength(1);
});

test('C3: the database refuses to purge what was deleted within a day', async () => {
  await expect(sql(`SELECT app.purge(interval '23 hours')`)).rejects.toMatchObject({ code: '22023' });
});
