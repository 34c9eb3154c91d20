import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeConversation, makeMessage, makeToolCall, readPages } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const HELLO = { role: 'user', content: 'Hello' };
const ERASE = '?permanent=true&confirm=erase';
const pathOf = ({ id }: { id: string }) => `/v1/conversations/${id}`;
const countOf = async (conversation: Conversation) =>
  (await client.get<Conversation>(pathOf(conversation))).body.messageCount;

test('C3: the bin hides a conversation, its messages and tool calls; restoring shows them again', async () => {
  const conversation = await makeConversation(client);
  const message = await makeMessage(client, conversation, { role: 'assistant' });
  const call = await makeToolCall(client, message);
  const reads = [
    pathOf(conversation),
    `${pathOf(conversation)}/messages`,
    `${pathOf(conversation)}/tool-calls`,
    `/v1/messages/${message.id}`,
    `/v1/messages/${message.id}/tool-calls`,
    `/v1/tool-calls/${call.id}`,
  ];
  const before = await Promise.all(reads.slice(1).map(async (path) => (await client.get(path)).text));

  expect((await client.delete(pathOf(conversation))).status).toBe(204);
  for (const path of reads) expectProblem(await client.get(path), 404, 'not_found');
  for (const [method, path, body] of [
    ['DELETE', pathOf(conversation)],
    ['PATCH', pathOf(conversation), { title: 'x' }],
    ['POST', `${pathOf(conversation)}/touch`],
    ['POST', `${pathOf(conversation)}/messages`, HELLO],
    ['DELETE', `${pathOf(conversation)}/messages`],
    ['DELETE', `/v1/messages/${message.id}`],
    ['POST', `/v1/messages/${message.id}/tool-calls`, { toolName: 'x' }],
    ['POST', `/v1/tool-calls/${call.id}/finish`, { status: 'success' }],
  ] as const)
    expectProblem(await client.send(method, path, body), 404, 'not_found');
  expect((await readPages(client, '/v1/messages')).flat()).toEqual([]);

  const restored = await client.post<Conversation>(`${pathOf(conversation)}/restore`);
  expect(restored.body).toMatchObject({ deletedAt: null, messageCount: 1 });
  expect((await client.post<Conversation>(`${pathOf(conversation)}/restore`)).body).toEqual(restored.body);
  expect(await Promise.all(reads.slice(1).map(async (path) => (await client.get(path)).text))).toEqual(
    before,
  );
});

test('C3: deletion for ever needs confirmation, works from the bin or past it, and leaves nothing', async () => {
  for (const inBin of [true, false]) {
    const conversation = await makeConversation(client, { firstMessage: HELLO });
    if (inBin) await client.delete(pathOf(conversation));
    for (const query of ['?permanent=true', '?permanent=true&confirm=yes', '?permanent=yes', '?confirm=x'])
      expectProblem(await client.delete(pathOf(conversation) + query), 400, 'invalid_request');
    expect((await client.delete(pathOf(conversation) + ERASE)).status).toBe(204);
    expectProblem(await client.delete(pathOf(conversation) + ERASE), 404, 'not_found');
    expectProblem(await client.post(`${pathOf(conversation)}/restore`), 404, 'not_found');
    const rows = `SELECT FROM app.messages WHERE conversation_id = $1`;
    expect(await sqlAsSuperuser(await workerDatabase(), rows, [conversation.id])).toEqual([]);
  }
});

test('C4: clearing hides the messages, keeps the conversation, and the count goes on from there', async () => {
  const conversation = await makeConversation(client, { firstMessage: HELLO });
  await makeMessage(client, conversation);
  expect((await client.delete(`${pathOf(conversation)}/messages`)).status).toBe(204);
  expect(await countOf(conversation)).toBe(0);
  expect(await readPages(client, `${pathOf(conversation)}/messages`)).toEqual([[]]);
  expect(await makeMessage(client, conversation)).toMatchObject({ seq: 3 });
  expect(await countOf(conversation)).toBe(1);
});

test('C1: the count is exact after appends, deletions and clearings at once', async () => {
  const conversation = await makeConversation(client);
  const messages = await atOnce(30, () => makeMessage(client, conversation));
  const answers = await atOnce(60, (i) => {
    if (i % 20 === 10) return client.delete(`${pathOf(conversation)}/messages`);
    if (i % 2) return client.post(`${pathOf(conversation)}/messages`, HELLO);
    return client.delete(`/v1/messages/${messages[i / 2]!.id}`);
  });
  expect(Object.keys(statuses(answers)).filter((status) => !['201', '204', '404'].includes(status))).toEqual(
    [],
  );
  const left = (await readPages(client, `${pathOf(conversation)}/messages`)).flat().length;
  expect(await countOf(conversation)).toBe(left);
});
