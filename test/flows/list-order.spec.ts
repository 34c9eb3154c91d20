import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Message } from '../../src/messages/message.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { makeConversation, makeMessage, makeTask, makeToolCall, readPages } from '../support/factories.js';

type Row = Record<string, unknown> & { id: string };

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

/** All pages of a list, two rows each. */
const walk = async <T = Row>(client: ApiClient, path: string) =>
  (await readPages<T>(client, `${path}limit=2`)).flat();

const call = (toolName: string) => ({ toolName });

test('T2: tasks by due date, the undated last, each once over all pages', async () => {
  const client = await clientOf(app, newOwner());
  const dates = [
    null,
    '2027-03-01T00:00:00.000Z',
    null,
    '2027-01-01T00:00:00.000Z',
    '2027-02-01T00:00:00.000Z',
    null,
  ];
  for (const dueDate of dates) await makeTask(client, { dueDate });
  const tasks = await walk(client, '/v1/tasks?sort=dueDate&');
  expect(tasks.map(({ dueDate }) => dueDate)).toEqual([
    ...dates.filter((date) => date !== null).toSorted((a, b) => a.localeCompare(b)),
    null,
    null,
    null,
  ]);
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(dates.length);
  const between = 'dueAfter=2027-01-01T00:00:00Z&dueBefore=2027-03-01T00:00:00Z&';
  expect(await walk(client, `/v1/tasks?sort=dueDate&${between}`)).toHaveLength(1);
});

test('K2, M4: messages by seq and their calls in the same order, each once over all pages', async () => {
  const client = await clientOf(app, newOwner());
  const conversation = await makeConversation(client);
  const { id } = conversation;
  for (const [i, names] of [['a', 'b', 'c'], ['d'], ['e', 'f']].entries()) {
    const toolCalls = names.map(call);
    await makeMessage(client, conversation, { role: 'assistant', content: `${i}`, toolCalls });
  }
  const messages = await walk<Message>(client, `/v1/conversations/${id}/messages?`);
  expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  const newest = await walk(client, `/v1/conversations/${id}/messages?order=desc&`);
  expect(newest.map(({ seq }) => seq)).toEqual([3, 2, 1]);

  await makeToolCall(client, messages[0]!, call('late, but of the first message'));
  const names = (await walk(client, `/v1/conversations/${id}/tool-calls?`)).map(({ toolName }) => toolName);
  expect(names).toEqual(['a', 'b', 'c', 'late, but of the first message', 'd', 'e', 'f']);
  const ofFirst = await walk(client, `/v1/messages/${messages[0]!.id}/tool-calls?`);
  expect(ofFirst.map(({ toolName }) => toolName)).toEqual(names.slice(0, 4));
});

test('K2: the calls of a deleted message are not listed, and not found', async () => {
  const client = await clientOf(app, newOwner());
  const conversation = await makeConversation(client);
  const { id } = conversation;
  const kept = await makeMessage(client, conversation, { content: 'kept' });
  const gone = await makeMessage(client, conversation, { content: 'gone' });
  const [of, lost] = [
    await makeToolCall(client, kept, call('kept')),
    await makeToolCall(client, gone, call('gone')),
  ];
  expect((await client.delete(`/v1/messages/${gone.id}`)).status).toBe(204);
  expect(await walk(client, `/v1/conversations/${id}/tool-calls?`)).toMatchObject([{ id: of.id }]);
  expect((await client.get(`/v1/tool-calls/${lost.id}`)).status).toBe(404);
});
