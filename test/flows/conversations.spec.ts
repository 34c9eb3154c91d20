import type { Conversation } from '../../src/conversations/conversation.entity.js';
import type { Message } from '../../src/messages/message.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, makeConversation, makeMessage, readPages } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const HELLO = { role: 'user', content: 'Hello' };
const pathOf = ({ id }: { id: string }) => `/v1/conversations/${id}`;
const ids = async (path: string) => (await readPages<Conversation>(client, path)).flat().map(({ id }) => id);

test('C1: a new conversation has its defaults, and shows a name without a title', async () => {
  const { id, createdAt, ...conversation } = await makeConversation(client);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(conversation).toEqual({
    aideId: null,
    channel: 'web',
    title: null,
    displayTitle: 'New Conversation',
    metadata: {},
    messageCount: 0,
    deletedAt: null,
    updatedAt: createdAt,
    version: 1,
  });
  expect(await makeConversation(client, { title: 'Lisbon' })).toMatchObject({ displayTitle: 'Lisbon' });
});

test.each([
  ['title of 256 characters', { title: 'x'.repeat(256) }],
  ['title that is a number', { title: 7 }],
  ['channel email', { channel: 'email' }],
  ['channel null', { channel: null }],
  ['metadata null', { metadata: null }],
  ['metadata that are a list', { metadata: [] }],
  ['metadata beyond 16 kB', { metadata: { text: 'x'.repeat(16_384) } }],
  ['first message null', { firstMessage: null }],
  ['first message that is an empty list', { firstMessage: [] }],
  ['first message in a list', { firstMessage: [HELLO] }],
  ['id that is none', { aideId: 'x' }],
  ['owner', { ownerId: 'someone' }],
  ['count', { messageCount: 3 }],
])('C1: a conversation with a %s is refused', async (_, conversation) => {
  const answer = await client.post('/v1/conversations', conversation);
  expectProblem(answer, 400, 'invalid_request', `/${Object.keys(conversation)[0]!}`);
});

test('C1: an aide that is not the owner’s is a reference to nothing', async () => {
  const foreign = await makeAide(await clientOf(app, newOwner()));
  const answer = await client.post('/v1/conversations', { aideId: foreign.id });
  expectProblem(answer, 422, 'reference_not_found', '/aideId');
});

test.each([
  [`channel = 'email'`, 'conversations_channel_check'],
  [`title = repeat('x', 256)`, 'conversations_title_check'],
  [`metadata = '[]'`, 'conversations_metadata_check'],
  [`metadata = jsonb_build_object('text', repeat('x', 16384))`, 'conversations_metadata_check'],
  [`message_count = 1`, 'conversations_count_check'],
])('C1: the database refuses %s', async (assignment, constraint) => {
  const { id } = await makeConversation(client);
  const update = sqlAsSuperuser(database, `UPDATE app.conversations SET ${assignment} WHERE id = $1`, [id]);
  await expect(update).rejects.toMatchObject({ constraint });
});

test('C2: the first message comes with the conversation or neither does', async () => {
  const made = await makeConversation(client, { title: 'Lisbon', firstMessage: HELLO });
  expect(made).toMatchObject({ title: 'Lisbon', messageCount: 1 });
  const [messages] = await readPages<Message>(client, `${pathOf(made)}/messages`);
  expect(messages).toMatchObject([{ seq: 1, ...HELLO }]);

  const firstMessage = { ...HELLO, parentId: messages![0]!.id };
  expectProblem(await client.post('/v1/conversations', { firstMessage }), 422, 'reference_not_found');
  expect(await ids('/v1/conversations')).toEqual([made.id]);
});

test('C2: lists are by recency of update and filtered by aide, channel and bin', async () => {
  const aide = await makeAide(client);
  const a = await makeConversation(client, { aideId: aide.id });
  const b = await makeConversation(client, { channel: 'signal' });
  const c = await makeConversation(client, { aideId: aide.id });
  expect(await ids('/v1/conversations')).toEqual([c.id, b.id, a.id]);
  await client.post(`${pathOf(b)}/touch`);
  await makeMessage(client, a);
  expect(await ids('/v1/conversations')).toEqual([a.id, b.id, c.id]);
  expect(await ids(`/v1/conversations?aideId=${aide.id}`)).toEqual([a.id, c.id]);
  expect(await ids('/v1/conversations?channel=signal')).toEqual([b.id]);
  expect((await client.get(`/v1/conversations/latest?aideId=${aide.id}`)).body).toMatchObject({ id: a.id });
  await client.delete(pathOf(a));
  expect(await ids('/v1/conversations?deleted=true')).toEqual([a.id]);
  expect(await ids('/v1/conversations')).toEqual([b.id, c.id]);
  expect((await client.get(`/v1/conversations/latest?aideId=${aide.id}`)).body).toMatchObject({ id: c.id });
  await client.delete(pathOf(c));
  expectProblem(await client.get(`/v1/conversations/latest?aideId=${aide.id}`), 404, 'not_found');
});

test('C2: of 20 metadata patches at once every key is kept, and null takes one away', async () => {
  const conversation = await makeConversation(client, { metadata: { old: { a: 1, b: 2 } } });
  const patch = (metadata: object) => client.patch<Conversation>(pathOf(conversation), { metadata });
  expect(statuses(await atOnce(20, (i) => patch({ [`key${i}`]: i })))).toEqual({ 200: 20 });
  const { body } = await patch({ old: { a: null, c: null }, key0: null });
  const keys = Array.from({ length: 19 }, (_, i) => [`key${i + 1}`, i + 1]);
  expect(body.metadata).toEqual({ old: { b: 2 }, ...Object.fromEntries(keys) });
  expect(body.version).toBe(22);
  expectProblem(await patch({ text: 'x'.repeat(16_200) }), 400, 'invalid_request', '/metadata');
  expect((await client.patch(pathOf(conversation), { title: 'Set' })).body).toMatchObject({ title: 'Set' });
  expect((await client.patch(pathOf(conversation), { title: null })).body).toMatchObject({ title: null });
});
