import type { Message } from '../../src/messages/message.entity.js';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeConversation, makeMessage, makeToolCall, readPages } from '../support/factories.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let owner: string;
let client: ApiClient;
let conversation: Conversation;
let path: string;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
  conversation = await makeConversation(client);
  path = `/v1/conversations/${conversation.id}/messages`;
});
afterAll(() => app.close());

const HELLO = { role: 'user', content: 'Hello' };
const CALL = { toolName: 'add_task', parameters: { title: 'Buy milk' } };
const seqs = async (query = '') =>
  (await readPages<Message>(client, path + query)).flat().map(({ seq }) => seq);
const oneTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('M1: a message is answered whole, and its place is the next one', async () => {
  const { id, createdAt, ...first } = await makeMessage(client, conversation, {
    tokensUsed: 3,
    metadata: { a: 1 },
  });
  expect(createdAt).toMatch(/Z$/);
  expect(first).toEqual({
    ...HELLO,
    conversationId: conversation.id,
    seq: 1,
    metadata: { a: 1 },
    tokensUsed: 3,
    parentId: null,
    version: 1,
  });
  expect((await client.get(`/v1/messages/${id}`)).body).toEqual({ id, createdAt, ...first });
  expect(await makeMessage(client, conversation, { role: 'system' })).toMatchObject({
    seq: 2,
    role: 'system',
  });
  const { body } = await client.get<Conversation>(`/v1/conversations/${conversation.id}`);
  expect(body).toMatchObject({ messageCount: 2, version: 3 });
  expect(body.updatedAt > conversation.updatedAt).toBe(true);
});

test.each([
  ['role tool', { role: 'tool' }, '/role'],
  ['no role', { role: undefined }, '/role'],
  ['no content', { content: undefined }, '/content'],
  ['null for content', { content: null }, '/content'],
  ['empty content of a user', { content: '' }, '/content'],
  ['empty content without tool calls', { role: 'assistant', content: '' }, '/content'],
  ['empty content with no tool call', { role: 'assistant', content: '', toolCalls: [] }, '/content'],
  ['100,001 characters', { content: 'x'.repeat(100_001) }, '/content'],
  ['100,001 emoji', { content: '😀'.repeat(100_001) }, '/content'],
  ['tool calls of a user', { toolCalls: [CALL] }, '/toolCalls'],
  ['tool calls in a list', { role: 'assistant', toolCalls: [[CALL]] }, '/toolCalls'],
  ['a tool call without a name', { role: 'assistant', toolCalls: [{}] }, '/toolCalls/0/toolName'],
  ['fractions of tokens', { tokensUsed: 1.5 }, '/tokensUsed'],
  ['less than no tokens', { tokensUsed: -1 }, '/tokensUsed'],
  ['more tokens than the column holds', { tokensUsed: 2_147_483_648 }, '/tokensUsed'],
  ['a place of its own choice', { seq: 7 }, '/seq'],
])('M1: %s is refused and takes no place', async (_, fields, pointer) => {
  expectProblem(await client.post(path, { ...HELLO, ...fields }), 400, 'invalid_request', pointer);
  expect(await makeMessage(client, conversation)).toMatchObject({ seq: 1 });
});

test.each([
  ['100,000 characters', 'x'.repeat(100_000)],
  ['100,000 emoji', '😀'.repeat(100_000)],
  ['spaces around', '  \t a \r\n\n '],
  ['only blanks', ' '],
  ['composed and decomposed letters', 'é é \u0065\u0301 ﬁ Å Å'],
  ['joiners, bidi marks and a byte order mark', '\uFEFFa\u200Db\u202Ec\u2066d\u2069👩‍👩‍👧'],
  ['control characters', '\u0001\u0007\b\f\u000b\u001b[31m\u007f\u0085\u2028\u2029'],
  ['noncharacters and the last code point', '\uFFFE\uFFFF\u{10FFFF}'],
  ['quotes, backslashes and SQL', `'; DROP TABLE app.messages; -- \\ \\u0000 $1 "{}" %s \${x}`],
])('M1: content of %s comes back exactly', async (_, content) => {
  const { id } = await makeMessage(client, conversation, { content });
  expect((await client.get<Message>(`/v1/messages/${id}`)).body.content).toBe(content);
  expect((await readPages<Message>(client, path)).flat()[0]!.content).toBe(content);
});

test.each([
  [`role = 'tool'`, 'messages_role_check'],
  [`content = ''`, 'messages_content_check'],
  [`content = repeat('x', 100001)`, 'messages_content_check'],
  [`has_tool_calls = true`, 'messages_content_check'],
  [`tokens_used = -1`, 'messages_tokens_used_check'],
  [`seq = 0`, 'messages_seq_check'],
  [`metadata = '1'`, 'messages_metadata_check'],
])('M1: the database refuses %s', async (assignment, constraint) => {
  const { id } = await makeMessage(client, conversation);
  const update = sqlAsSuperuser(database, `UPDATE app.messages SET ${assignment} WHERE id = $1`, [id]);
  await expect(update).rejects.toMatchObject({ constraint });
});

test('M2: 50 writers of 20 messages each append without a gap, everyone in its own order', async () => {
  await atOnce(50, async (writer) => {
    for (let i = 0; i < 20; i++) await makeMessage(client, conversation, { metadata: { writer, i } });
  });
  const messages = (await readPages<Message>(client, `${path}?limit=100`)).flat();
  expect(messages.map(({ seq }) => seq)).toEqual(oneTo(1000));
  for (const [, own] of Map.groupBy(messages, ({ metadata }) => metadata.writer))
    expect(own.map(({ metadata }) => metadata.i)).toEqual(oneTo(20).map((i) => i - 1));
  const { body } = await client.get(`/v1/conversations/${conversation.id}`);
  expect(body).toMatchObject({ messageCount: 1000, version: 1001 });
});

test('M4: a batch is appended in its order, also beside other writers', async () => {
  const batch = (n: number) => ({ messages: oneTo(n).map((i) => ({ ...HELLO, metadata: { i } })) });
  const answers = await atOnce(6, (i) =>
    i % 2 ? client.post(path, HELLO) : client.post<{ data: Message[] }>(`${path}/batch`, batch(100)),
  );
  expect(statuses(answers as Awaited<ReturnType<ApiClient['post']>>[])).toEqual({ 201: 6 });
  for (const { body } of answers) {
    if (!('data' in body)) continue;
    const data = body.data as Message[];
    expect(data.map(({ metadata }) => metadata.i)).toEqual(oneTo(100));
    expect(data.map(({ seq }) => seq - data[0]!.seq)).toEqual(oneTo(100).map((i) => i - 1));
  }
  expect(await seqs('?limit=100')).toEqual(oneTo(303));
});

test.each([
  ['one message that is wrong', [HELLO, { ...HELLO, role: 'tool' }], 400],
  [
    'a parent that does not exist',
    [HELLO, { ...HELLO, parentId: '0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d' }],
    422,
  ],
  ['no messages', [], 400],
  ['101 messages', Array.from({ length: 101 }, () => HELLO), 400],
  ['lists in the list', [[HELLO]], 400],
  ['null in the list', [null], 400],
])('M4: a batch with %s leaves nothing', async (_, messages, status) => {
  expect((await client.post(`${path}/batch`, { messages })).status).toBe(status);
  expect(await seqs()).toEqual([]);
  const { body } = await client.get(`/v1/conversations/${conversation.id}`);
  expect(body).toMatchObject({ messageCount: 0, version: 1 });
});

test('M3: no route and no statement of the app’s role changes or removes a message', async () => {
  const { id } = await makeMessage(client, conversation);
  for (const assignment of [
    `content = 'other'`,
    `role = 'system'`,
    `seq = 2`,
    `metadata = '{}'`,
    `tokens_used = 1`,
  ]) {
    const update = sqlAsApp(database, owner, `UPDATE app.messages SET ${assignment} WHERE id = $1`, [id]);
    await expect(update).rejects.toMatchObject(FORBIDDEN);
  }
  await expect(sqlAsApp(database, owner, `DELETE FROM app.messages`)).rejects.toMatchObject(FORBIDDEN);
  for (const method of ['PATCH', 'PUT'])
    expect(
      (await client.send(method, `/v1/messages/${id}`, { content: 'other' })).status,
    ).toBeGreaterThanOrEqual(404);
  expect((await client.get(`/v1/messages/${id}`)).body).toMatchObject(HELLO);
});

test('M5: tool calls come with a message on demand, in their order, and not otherwise', async () => {
  const toolCalls = [CALL, { toolName: 'list_tasks' }];
  const message = await makeMessage(client, conversation, { role: 'assistant', content: '', toolCalls });
  await makeToolCall(client, message, { toolName: 'later' });
  await makeMessage(client, conversation);
  const withCalls = (await client.get<Message>(`/v1/messages/${message.id}?include=toolCalls`)).body;
  expect(withCalls.toolCalls).toMatchObject([
    CALL,
    { toolName: 'list_tasks', parameters: {} },
    { toolName: 'later' },
  ]);
  const [listed] = await readPages<Message>(client, `${path}?include=toolCalls`);
  expect(listed!.map(({ toolCalls }) => toolCalls!.length)).toEqual([3, 0]);
  expect((await client.get(`/v1/messages/${message.id}`)).body).not.toHaveProperty('toolCalls');
  expectProblem(await client.get(`${path}?include=all`), 400, 'invalid_request', '/include');
});
