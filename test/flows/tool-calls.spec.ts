import type { Conversation } from '../../src/conversations/conversation.entity.js';
import type { Message } from '../../src/messages/message.entity.js';
import type { ToolCall } from '../../src/tool-calls/tool-call.entity.js';
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
let message: Message;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
  conversation = await makeConversation(client);
  message = await makeMessage(client, conversation, { role: 'assistant' });
});
afterAll(() => app.close());

const finish = (id: string, outcome: unknown) =>
  client.post<ToolCall>(`/v1/tool-calls/${id}/finish`, outcome);

test('K1: a new call is pending, of its message and conversation', async () => {
  const parameters = { title: 'Buy milk', nested: { toString: [null, 1.5, '😀'] } };
  const { id, createdAt, ...call } = await makeToolCall(client, message, {
    toolName: 'add_task',
    parameters,
  });
  expect(call).toEqual({
    conversationId: conversation.id,
    messageId: message.id,
    toolName: 'add_task',
    parameters,
    status: 'pending',
    result: null,
    durationMs: null,
    finishedAt: null,
    version: 1,
  });
  expect((await client.get(`/v1/tool-calls/${id}`)).body).toEqual({ id, createdAt, ...call });
});

test.each([
  ['no name', { toolName: undefined }, '/toolName'],
  ['a blank name', { toolName: ' ' }, '/toolName'],
  ['a name of 101 characters', { toolName: 'x'.repeat(101) }, '/toolName'],
  ['parameters in a list', { parameters: [] }, '/parameters'],
  ['parameters null', { parameters: null }, '/parameters'],
  ['a status', { status: 'success' }, '/status'],
  ['an id', { id: '0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d' }, '/id'],
])('K1: a call with %s is refused', async (_, fields, pointer) => {
  const answer = await client.post(`/v1/messages/${message.id}/tool-calls`, { toolName: 'x', ...fields });
  expectProblem(answer, 400, 'invalid_request', pointer);
});

test.each([
  [`status = 'done', finished_at = now()`, 'tool_calls_status_check'],
  [`status = 'success'`, 'tool_calls_finished_check'],
  [`finished_at = now()`, 'tool_calls_finished_check'],
  [`result = '1'`, 'tool_calls_finished_check'],
  [`duration_ms = -1`, 'tool_calls_duration_ms_check'],
  [`tool_name = ''`, 'tool_calls_tool_name_check'],
  [`parameters = '[]'`, 'tool_calls_parameters_check'],
])('K1: the database refuses %s', async (assignment, constraint) => {
  const { id } = await makeToolCall(client, message);
  const update = sqlAsSuperuser(database, `UPDATE app.tool_calls SET ${assignment} WHERE id = $1`, [id]);
  await expect(update).rejects.toMatchObject({ constraint });
});

test.each([
  [{ taskId: 'x', toString: 'kept' }],
  [[1, [2, [null]]]],
  ['text'],
  [''],
  [0],
  [false],
  [null],
  [undefined],
])('K2: result %j comes back as it was given', async (result) => {
  const { id } = await makeToolCall(client, message);
  const { status, body } = await finish(id, { status: 'success', result, durationMs: 12 });
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'success', durationMs: 12, version: 2 });
  expect(body.finishedAt! >= body.createdAt).toBe(true);
  expect((await client.get<ToolCall>(`/v1/tool-calls/${id}`)).body.result).toEqual(result ?? null);
});

test('K2: of 10 that finish a call at once one does; from then on it is 409', async () => {
  const { id } = await makeToolCall(client, message);
  const outcomes = ['success', 'error', 'denied'];
  const answers = await atOnce(10, (i) => finish(id, { status: outcomes[i % 3], result: i }));
  expect(statuses(answers)).toEqual({ 200: 1, 409: 9 });
  const winner = answers.find(({ status }) => status === 200)!;
  expectProblem(await finish(id, { status: 'error' }), 409, 'invalid_state');
  expect((await client.get(`/v1/tool-calls/${id}`)).body).toEqual(winner.body);
});

test.each([
  ['pending', { status: 'pending' }, '/status'],
  ['nothing', {}, '/status'],
  ['a fraction of a millisecond', { status: 'success', durationMs: 0.5 }, '/durationMs'],
  ['less than no time', { status: 'success', durationMs: -1 }, '/durationMs'],
  ['another name', { status: 'success', toolName: 'other' }, '/toolName'],
])('K2: finishing with %s is refused', async (_, outcome, pointer) => {
  const { id } = await makeToolCall(client, message);
  expectProblem(await finish(id, outcome), 400, 'invalid_request', pointer);
});

test('K2: the database freezes a finished call, and calls are never changed otherwise or removed', async () => {
  const { id } = await makeToolCall(client, message);
  const update = (assignment: string) =>
    sqlAsApp(database, owner, `UPDATE app.tool_calls SET ${assignment} WHERE id = $1`, [id]);
  await expect(update(`tool_name = 'other'`)).rejects.toMatchObject(FORBIDDEN);
  await expect(update(`parameters = '{}'`)).rejects.toMatchObject(FORBIDDEN);
  await expect(sqlAsApp(database, owner, 'DELETE FROM app.tool_calls')).rejects.toMatchObject(FORBIDDEN);
  await finish(id, { status: 'error', result: 'no such task' });
  for (const change of [
    `status = 'success'`,
    `result = '1'`,
    `duration_ms = 1`,
    `finished_at = now()`,
    `status = status`,
  ])
    await expect(update(change)).rejects.toMatchObject({ constraint: 'tool_calls_frozen' });
  expect((await client.delete(`/v1/tool-calls/${id}`)).status).toBeGreaterThanOrEqual(404);
});

test('K2: calls are listed by message and by conversation, in the order of the messages, by pages', async () => {
  const second = await makeMessage(client, conversation, { role: 'assistant' });
  const calls = [];
  for (const caller of [message, second, message]) calls.push((await makeToolCall(client, caller)).id);
  await makeToolCall(client, await makeMessage(client, await makeConversation(client)));
  const ids = async (path: string) => (await readPages<ToolCall>(client, path)).flat().map(({ id }) => id);
  expect(await ids(`/v1/messages/${message.id}/tool-calls?limit=1`)).toEqual([calls[0], calls[2]]);
  expect(await ids(`/v1/conversations/${conversation.id}/tool-calls?limit=2`)).toEqual([
    calls[0],
    calls[2],
    calls[1],
  ]);
  await client.delete(`/v1/messages/${second.id}`);
  expect(await ids(`/v1/conversations/${conversation.id}/tool-calls`)).toEqual([calls[0], calls[2]]);
});

test('K2: with a deleted message its calls are gone to everyone, and none can be added', async () => {
  const { id } = await makeToolCall(client, message);
  await client.delete(`/v1/messages/${message.id}`);
  expectProblem(await client.get(`/v1/tool-calls/${id}`), 404, 'not_found');
  expectProblem(await client.get(`/v1/messages/${message.id}/tool-calls`), 404, 'not_found');
  expectProblem(await finish(id, { status: 'success' }), 404, 'not_found');
  const another = client.post(`/v1/messages/${message.id}/tool-calls`, { toolName: 'x' });
  expectProblem(await another, 404, 'not_found');
});
