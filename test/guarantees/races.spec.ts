import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { type Answer, type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { statuses } from '../support/expectations.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeMessage,
  makeSignalMapping,
  makeTask,
  newSlug,
} from '../support/factories.js';

/** What concurrent requests may not do to each other. */

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
  database = await workerDatabase();
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const CHANGED: [string, () => Promise<{ id: string }>, (i: number) => object][] = [
  ['tasks', () => makeTask(client), (i) => ({ title: `${i}` })],
  ['aides', () => makeAide(client), (i) => ({ title: `${i}` })],
  ['conversations', () => makeConversation(client), (i) => ({ metadata: { [`key${i}`]: i } })],
  ['signal-mappings', () => makeSignalMapping(client), () => ({})],
];

test.each(CHANGED.slice(0, 3))(
  'T2, A2, C2: of 20 patches of %s that expect one version one is written',
  async (resource, make, change) => {
    const path = `/v1/${resource}/${(await make()).id}`;
    const answers = await atOnce(20, (i) => client.patch(path, change(i), { 'if-match': '"1"' }));
    expect(statuses(answers)).toEqual({ 200: 1, 412: 19 });
    const winner = answers.find(({ status }) => status === 200)!;
    expect((await client.get(path)).body).toEqual(winner.body);
    expect(winner.body.version).toBe(2);
  },
);

test('C3, T2: of 20 that delete the version they have seen one does', async () => {
  for (const [resource, make] of CHANGED) {
    const path = `/v1/${resource}/${(await make()).id}`;
    const answers = await atOnce(20, () => client.delete(path, { 'if-match': '"1"' }));
    expect([resource, statuses(answers)]).toEqual([resource, { 204: 1, 404: 19 }]);
  }
});

test('T2: of 20 patches of different fields at once every one is kept', async () => {
  const { id } = await makeTask(client);
  const changes = [
    { title: 'New' },
    { description: 'New' },
    { priority: 'low' },
    { dueDate: '2026-12-24T18:00:00.000Z' },
  ];
  expect(statuses(await atOnce(20, (i) => client.patch(`/v1/tasks/${id}`, changes[i % 4])))).toEqual({
    200: 20,
  });
  const { body } = await client.get(`/v1/tasks/${id}`);
  expect(body).toMatchObject({ ...Object.assign({}, ...changes), version: 21 });
});

test('A6: of 50 creates at one below the limit exactly one succeeds', async () => {
  for (let i = 0; i < 4; i++) await makeAide(client);
  const answers = await atOnce(50, () => client.post('/v1/aides', { title: 'One more' }));
  expect(statuses(answers)).toEqual({ 201: 1, 403: 49 });
});

test('A6: of 25 creates and 25 that bring back an aide each exactly one succeeds', async () => {
  const archived: string[] = [];
  for (let i = 0; i < 25; i++) {
    const { id } = await makeAide(client);
    await client.post(`/v1/aides/${id}/archive`);
    archived.push(id);
  }
  for (let i = 0; i < 4; i++) await makeAide(client);
  const answers = await atOnce(50, (i) =>
    i % 2
      ? client.post('/v1/aides', { title: 'One more' })
      : client.post(`/v1/aides/${archived[i / 2]}/unarchive`),
  );
  const { 200: back = 0, 201: made = 0, ...others } = statuses(answers);
  expect([back + made, others]).toEqual([1, { 403: 49 }]);
  expect((await client.get('/v1/aides?total=true')).body.total).toBe(5);
});

test('A5: of 20 owners who publish one slug one wins', async () => {
  const slug = newSlug();
  const rivals = await atOnce(20, () => clientOf(app, newOwner()));
  const aides = await Promise.all(rivals.map((rival) => makeAide(rival)));
  const answers = await atOnce(20, (i) => rivals[i]!.post(`/v1/aides/${aides[i]!.id}/publish`, { slug }));
  expect(statuses(answers)).toEqual({ 200: 1, 409: 19 });
  const holders = await sqlAsSuperuser(database, 'SELECT id FROM app.aides WHERE slug = $1', [slug]);
  const winner = answers.find(({ status }) => status === 200)!;
  expect(holders).toEqual([{ id: winner.body.id }]);
});

const HELLO = { role: 'assistant', content: 'Hello', toolCalls: [{ toolName: 'add_task' }] };
const messagesOf = ({ id }: { id: string }) => `/v1/conversations/${id}/messages`;

/** How many messages and tool calls of a conversation there are, and whether their conversation is. */
async function leftOf({ id }: Conversation) {
  const [row] = await sqlAsSuperuser(
    database,
    `SELECT (SELECT count(*)::int FROM app.conversations WHERE id = $1) AS conversations,
       (SELECT count(*)::int FROM app.messages WHERE conversation_id = $1) AS messages,
       (SELECT count(*)::int FROM app.tool_calls WHERE conversation_id = $1) AS calls`,
    [id],
  );
  return row;
}

/** What the bin shows once a deletion is answered: nothing is added to it any more. */
let binned: Conversation[];

async function seeBin(deleted: Answer<Record<string, unknown>>) {
  binned = (await client.get<{ data: Conversation[] }>('/v1/conversations?deleted=true')).body.data;
  return deleted;
}

/** Appends, replies, batches and tool calls from all sides, with a deletion in their midst. */
async function appendWhile(conversation: Conversation, deletion: string): Promise<Answer<unknown>[]> {
  const parent = await makeMessage(client, conversation, { role: 'assistant' });
  const path = messagesOf(conversation);
  return atOnce(41, (i) => {
    if (i === 15) return client.delete(`/v1/conversations/${conversation.id}${deletion}`).then(seeBin);
    if (i % 4 === 0) return client.post(`${path}/batch`, { messages: [HELLO, HELLO] });
    if (i % 4 === 1) return client.post(path, { ...HELLO, parentId: parent.id });
    if (i % 4 === 2) return client.post(`/v1/messages/${parent.id}/tool-calls`, { toolName: 'late' });
    return client.post(path, { role: 'user', content: 'Hello' });
  });
}

test.each([
  ['for ever', '?permanent=true&confirm=erase'],
  ['into the bin', ''],
])(
  'C3, M1: what is appended while a conversation is deleted %s is there before or refused',
  async (_, query) => {
    for (let round = 0; round < 5; round++) {
      const conversation = await makeConversation(client);
      const answers = await appendWhile(conversation, query);
      const { 201: made = 0, 204: deleted, 404: missed = 0, ...others } = statuses(answers);
      expect([deleted, made + missed, others]).toEqual([1, 40, {}]);
      if (query) {
        expect(await leftOf(conversation)).toEqual({ conversations: 0, messages: 0, calls: 0 });
        continue;
      }
      const { body } = await client.post<Conversation>(`/v1/conversations/${conversation.id}/restore`);
      expect(binned).toMatchObject([{ id: conversation.id, messageCount: body.messageCount }]);
      const [left] = await sqlAsSuperuser(
        database,
        `SELECT count(*)::int AS count, max(seq) AS last FROM app.messages WHERE conversation_id = $1`,
        [conversation.id],
      );
      expect(left).toEqual({ count: body.messageCount, last: body.messageCount });
    }
  },
);

test('M5: a tool call that is added while its message is deleted is there before or refused', async () => {
  const conversation = await makeConversation(client);
  for (let round = 0; round < 5; round++) {
    const { id } = await makeMessage(client, conversation, { role: 'assistant' });
    const answers = await atOnce(11, (i) =>
      i === 5
        ? client.delete(`/v1/messages/${id}`)
        : client.post(`/v1/messages/${id}/tool-calls`, { toolName: 'add_task' }),
    );
    const { 201: made = 0, 204: deleted, 404: missed = 0, ...others } = statuses(answers);
    expect([deleted, made + missed, others]).toEqual([1, 10, {}]);
  }
});
