import { runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { TurnsService } from '../../src/chat/turns/turns.service.js';
import { PoolStatus } from '../../src/database/pool-status.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { type TestDatabase, sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { atOnce, makeConversation, makeMessage } from '../support/factories.js';
import { calls, refuses, says } from '../support/model-server.js';
import { beginTurn, ended, messagesOf, textOf, turnOf, turnPath } from '../support/turns.js';

let chat: Chat;
let database: TestDatabase;
let person: Person;

beforeAll(async () => {
  chat = await Chat.start(2);
  database = await workerDatabase();
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
});
afterAll(() => chat.stop());

const streamOf = async (run: Parameters<Person['follow']>[1], one = person) =>
  (await one.follow(chat.apps[0]!, run)).all();

test('H1: a message is stored, answered with what tools have done, and the answer stored with calls and tokens', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  chat.model.script(calls('add_task', { title: 'Buy milk' }), says('Added', ' it.'));
  const answer = await beginTurn(client, conversation, 'Add a task: buy milk');
  expect(answer.headers.get('location')).toBe(turnPath(answer.body));
  const run = await ended(client, answer.body);
  expect(run).toMatchObject({ status: 'finished', trigger: 'submit', steps: 2, tokens: 36, errorCode: null });
  const [asked, called, said, ...rest] = await messagesOf(client, conversation);
  expect(rest).toEqual([]);
  expect(asked).toMatchObject({ role: 'user', content: 'Add a task: buy milk', id: run.userMessageId });
  expect(called).toMatchObject({ role: 'assistant', content: '', parentId: asked!.id, tokensUsed: 7 });
  expect(said).toMatchObject({ role: 'assistant', content: 'Added it.', parentId: asked!.id, tokensUsed: 7 });
  const { data: tasks } = (await client.get<{ data: object[] }>('/v1/tasks')).body;
  expect(called!.toolCalls).toMatchObject([
    { toolName: 'add_task', parameters: { title: 'Buy milk' }, status: 'success', result: tasks[0] },
  ]);
  expect(tasks).toHaveLength(1);
  const [first, second] = chat.model.requests;
  expect(first!.body.messages.map(({ role }) => role)).toEqual(['system', 'user']);
  expect(second!.body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
  expect(second!.body.messages[3]!.tool_call_id).toBe(called!.toolCalls![0]!.id);
  expect((await client.get('/v1/tool-calls/verify')).body).toMatchObject({ valid: true, checked: 1 });
  const usage = (await client.get<{ usage: object }>('/v1/me')).body.usage;
  expect(usage).toMatchObject({ turns: 1, tokens: 36 });
});

test('H1: the model is told what was said before, the newest that fit, and of the system in its instructions', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  await makeMessage(client, conversation, { role: 'system', content: 'Speak like a pirate.' });
  await makeMessage(client, conversation, { content: 'x'.repeat(60_000) });
  const earlier = await makeMessage(client, conversation, { content: 'My name is Ada.' });
  await makeMessage(client, conversation, { role: 'assistant', content: 'Hello Ada.', parentId: earlier.id });
  await ended(client, await turnOf(client, conversation, 'Who am I?'));
  const [system, ...messages] = chat.model.requests[0]!.body.messages;
  expect(system!.content).toContain('Speak like a pirate.');
  expect(messages).toEqual([
    { role: 'user', content: 'My name is Ada.' },
    { role: 'assistant', content: 'Hello Ada.' },
    { role: 'user', content: 'Who am I?' },
  ]);
});

test('H1: an answer that breaks off is kept as far as it came; the turn has failed, and says why in safe words', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  chat.model.script(async (answer) => {
    answer.text('Half of ');
    answer.cut();
    await answer.closed;
  });
  const run = await ended(client, await turnOf(client, conversation));
  expect(run).toMatchObject({ status: 'failed', errorCode: 'interrupted' });
  expect((await messagesOf(client, conversation)).map(({ content }) => content)).toEqual([
    'Hello',
    'Half of ',
  ]);
  expect((await streamOf(run)).at(-1)).toEqual({
    type: 'error',
    errorText: 'The answer of the model broke off. Try again.',
  });
  chat.model.script(refuses(400));
  const refused = await ended(client, await turnOf(client, conversation));
  expect(refused).toMatchObject({ status: 'failed', errorCode: 'refused' });
  expect(JSON.stringify(await streamOf(refused))).not.toContain('secret');
  expect((await ended(client, await turnOf(client, conversation))).status).toBe('finished');
});

test('H1: a model that calls tools without end is stopped after 8 steps', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  chat.model.otherwise = calls('list_tasks', {});
  const run = await ended(client, await turnOf(client, conversation));
  expect(run).toMatchObject({ status: 'finished', steps: 8 });
  expect(chat.model.requests).toHaveLength(8);
  const made = (await messagesOf(client, conversation)).flatMap(({ toolCalls }) => toolCalls!);
  expect(made.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'success'));
  const holders = await sqlAsSuperuser(database, 'SELECT attempt FROM app.runs WHERE id = $1', [run.id]);
  expect(holders).toEqual([{ attempt: 1 }]);
});

test('H5: arguments that are no JSON, an unknown tool and wrong input are errors for the model, which goes on', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  chat.model.script((answer) => {
    answer.call('add_task', ['{"title": "Buy', ' mi']);
    answer.call('no_such_tool', ['{}'], 1);
    answer.call('add_task', ['{"title": ""}'], 2);
    answer.finish('tool_calls');
  }, says('Sorry.'));
  const run = await ended(client, await turnOf(client, conversation));
  expect(run.status).toBe('finished');
  const [, called, said] = await messagesOf(client, conversation);
  expect(called!.toolCalls!.map(({ status }) => status)).toEqual(['error', 'error', 'error']);
  expect(said!.content).toBe('Sorry.');
  const results = chat.model.requests[1]!.body.messages.filter(({ role }) => role === 'tool');
  expect(results.map(({ content }) => content)).toEqual([
    'The arguments are not valid JSON.',
    'There is no tool of this name.',
    expect.stringContaining('/title'),
  ]);
  expect((await client.get('/v1/tasks')).body).toMatchObject({ data: [] });
});

test('H1: no connection to the database is held while the model speaks', async () => {
  const { client } = person;
  const runs = await atOnce(30, async () => {
    const slow = paced('One');
    chat.model.script(slow.script);
    return { slow, run: await turnOf(client, await makeConversation(client)) };
  });
  await chat.model.request(30);
  for (const app of chat.apps) {
    const pool = app.get(PoolStatus);
    while (pool.idle < pool.total || pool.waiting > 0) await new Promise((done) => setImmediate(done));
  }
  for (const { slow } of runs) slow.rest();
  for (const { run } of runs) expect((await ended(client, run)).status).toBe('finished');
});

test('H3: turns are listed, newest first, and of others or a deleted conversation none exists', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  const path = `/v1/conversations/${conversation.id}/turns`;
  expect((await client.get(path)).body).toMatchObject({ data: [] });
  const runs = [];
  for (let i = 0; i < 3; i++) runs.unshift(await ended(client, await turnOf(client, conversation)));
  const { body } = await client.get<{ data: object[]; nextCursor: string }>(`${path}?limit=2`);
  expect(body.data).toEqual(runs.slice(0, 2));
  const next = await client.get<{ data: object[] }>(`${path}?limit=2&cursor=${body.nextCursor}`);
  expect(next.body.data).toEqual(runs.slice(2));
  const stranger = await chat.newcomer();
  const turn = turnPath(runs[0]!);
  for (const one of [path, turn, `${turn}/stream`])
    expectProblem(await stranger.client.get(one), 404, 'not_found');
  expectProblem(await stranger.client.post(path, { content: 'x' }), 404, 'not_found');
  expectProblem(await stranger.client.post(`${turn}/stop`), 404, 'not_found');
  const other = await makeConversation(client);
  expectProblem(await client.get(turnPath({ conversationId: other.id, id: runs[0]!.id })), 404, 'not_found');
  await client.delete(`/v1/conversations/${conversation.id}`);
  for (const one of [path, turn, `${turn}/stream`]) expectProblem(await client.get(one), 404, 'not_found');
  expectProblem(await client.post(path, { content: 'x' }), 404, 'not_found');
});

test('H1: the stream of a turn that is over is whole, too', async () => {
  const { client } = person;
  chat.model.script(says('Hel', 'lo'));
  const run = await ended(client, await turnOf(client, await makeConversation(client)));
  const chunks = await streamOf(run);
  expect(textOf(chunks)).toBe('Hello');
  expect(chunks).toHaveLength(run.chunkCount);
});

test('H1: the last message is answered anew: the answers before are gone, and the model has not seen them', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  const owner = toOwnerId(person.owner)!;
  const turns = chat.apps[0]!.get(TurnsService);
  const again = () => runAs(owner, 'test', () => turns.begin(owner, conversation.id, { regenerate: true }));
  await expect(again()).rejects.toMatchObject({ code: 'invalid_state' });
  chat.model.script(says('First.'), says('Second.'));
  const first = await ended(client, await turnOf(client, conversation));
  const second = await ended(client, await again());
  expect(second).toMatchObject({
    status: 'finished',
    trigger: 'regenerate',
    userMessageId: first.userMessageId,
  });
  expect((await messagesOf(client, conversation)).map(({ content }) => content)).toEqual([
    'Hello',
    'Second.',
  ]);
  expect(chat.model.requests[1]!.body.messages.map(({ role }) => role)).toEqual(['system', 'user']);
});
