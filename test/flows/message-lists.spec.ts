import type { Conversation } from '../../src/conversations/conversation.entity.js';
import type { CreateMessage } from '../../src/messages/message.dto.js';
import type { Message } from '../../src/messages/message.entity.js';
import { MessagesService } from '../../src/messages/messages.service.js';
import { runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeConversation, makeMessage, readPages } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let owner: string;
let client: ApiClient;
let conversation: Conversation;
let path: string;

beforeAll(async () => {
  app = await startApp();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
  conversation = await makeConversation(client);
  path = `/v1/conversations/${conversation.id}/messages`;
});
afterAll(() => app.close());

const seqs = async (query: string) =>
  (await readPages<Message>(client, path + query)).map((p) => p.map((m) => m.seq));

test('M4: a conversation is read in both directions, by pages, filtered by role', async () => {
  for (const role of ['user', 'assistant', 'user', 'system', 'user'])
    await makeMessage(client, conversation, { role });
  expect(await seqs('?limit=2')).toEqual([[1, 2], [3, 4], [5]]);
  expect(await seqs('?limit=2&order=desc')).toEqual([[5, 4], [3, 2], [1]]);
  expect(await seqs('?role=user')).toEqual([[1, 3, 5]]);
  expect(await seqs('?role=user&order=desc&limit=2')).toEqual([[5, 3], [1]]);
  expectProblem(await client.get(`${path}?order=up`), 400, 'invalid_request', '/order');
});

test('M4: a page that is read while others append goes on without a gap', async () => {
  for (let i = 0; i < 4; i++) await makeMessage(client, conversation);
  const first = await client.get<{ data: Message[]; nextCursor: string }>(`${path}?limit=2`);
  await makeMessage(client, conversation);
  await client.delete(`/v1/messages/${first.body.data[1]!.id}`);
  const rest = await client.get<{ data: Message[] }>(`${path}?cursor=${first.body.nextCursor}`);
  expect(rest.body.data.map(({ seq }) => seq)).toEqual([3, 4, 5]);
});

test('M4: an owner’s latest come newest first from all conversations, filtered by role', async () => {
  const other = await makeConversation(client);
  const a = await makeMessage(client, conversation);
  const b = await makeMessage(client, other, { role: 'assistant' });
  const c = await makeMessage(client, conversation);
  const ids = async (query = '') =>
    (await readPages<Message>(client, `/v1/messages${query}`)).flat().map(({ id }) => id);
  expect(await ids()).toEqual([c.id, b.id, a.id]);
  expect(await ids('?limit=1')).toEqual([c.id, b.id, a.id]);
  expect(await ids('?role=user')).toEqual([c.id, a.id]);
  await client.delete(`/v1/messages/${c.id}`);
  await client.delete(`/v1/conversations/${other.id}`);
  expect(await ids()).toEqual([a.id]);
});

test('M3: deleting hides a message, once, and its place stays empty', async () => {
  const messages = [];
  for (let i = 0; i < 3; i++) messages.push(await makeMessage(client, conversation));
  const target = `/v1/messages/${messages[1]!.id}`;
  expect((await client.delete(target, { 'if-match': '"2"' })).status).toBe(412);
  expect(statuses(await atOnce(5, () => client.delete(target)))).toEqual({ 204: 1, 404: 4 });
  expectProblem(await client.get(target), 404, 'not_found');
  expect(await seqs('')).toEqual([[1, 3]]);
  expect((await client.get(`/v1/conversations/${conversation.id}`)).body).toMatchObject({ messageCount: 2 });
});

test('M6: a reply names its parent in the same conversation', async () => {
  const parent = await makeMessage(client, conversation);
  const reply = await makeMessage(client, conversation, { parentId: parent.id });
  expect(reply.parentId).toBe(parent.id);
  await client.delete(`/v1/messages/${parent.id}`);
  expect((await client.get(`/v1/messages/${reply.id}`)).body).toMatchObject({ parentId: parent.id });
});

test('M6: a parent elsewhere, deleted, of another owner or made up is refused, and nothing is appended', async () => {
  const elsewhere = await makeMessage(client, await makeConversation(client));
  const stranger = await clientOf(app, newOwner());
  const foreign = await makeMessage(stranger, await makeConversation(stranger));
  const deleted = await makeMessage(client, conversation);
  await client.delete(`/v1/messages/${deleted.id}`);
  for (const parentId of [elsewhere.id, foreign.id, deleted.id, conversation.id]) {
    const answer = await client.post(path, { role: 'user', content: 'Hello', parentId });
    expectProblem(answer, 422, 'reference_not_found', '/parentId');
  }
  const upper = { role: 'user', content: 'Hello', parentId: elsewhere.id.toUpperCase() };
  expectProblem(await client.post(path, upper), 400, 'invalid_request', '/parentId');
  expect(await makeMessage(client, conversation)).toMatchObject({ seq: 2 });
});

test('M2: 50 writers of 200 messages each give seq 1 to 10,000', async () => {
  const named = toOwnerId(owner)!;
  const message: CreateMessage = { role: 'user', content: 'Hello' };
  await atOnce(50, async (writer) => {
    for (let i = 0; i < 200; i++)
      await runAs(named, `writer-${writer}`, () =>
        app.get(MessagesService).append(named, conversation.id, [message]),
      );
  });
  const [row] = await sqlAsSuperuser(
    await workerDatabase(),
    `SELECT count(*)::int, count(DISTINCT seq)::int AS places, min(seq), max(seq) FROM app.messages WHERE conversation_id = $1`,
    [conversation.id],
  );
  expect(row).toEqual({ count: 10_000, places: 10_000, min: 1, max: 10_000 });
  const { body } = await client.get(`/v1/conversations/${conversation.id}`);
  expect(body).toMatchObject({ messageCount: 10_000, version: 10_001 });
}, 120_000);
