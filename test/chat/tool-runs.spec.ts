import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { v7 as uuid } from 'uuid';
import { runAs } from '../../src/auth/owner-context.js';
import type { OwnerId } from '../../src/auth/owner-id.js';
import { ToolRuns } from '../../src/chat/tools/tool-runs.service.js';
import { RowNotFound } from '../../src/database/errors.js';
import type { Message } from '../../src/messages/message.entity.js';
import { MessagesService } from '../../src/messages/messages.service.js';
import type { Task } from '../../src/tasks/task.entity.js';
import type { ToolCall } from '../../src/tool-calls/tool-call.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeMessage,
  makeTask,
  makeToolCall,
} from '../support/factories.js';

let app: NestFastifyApplication;
let other: NestFastifyApplication;
let database: TestDatabase;
let owner: OwnerId;
let client: ApiClient;
let message: Message;

beforeAll(async () => {
  database = await workerDatabase();
  [app, other] = [await startApp(), await startApp()];
});
beforeEach(async () => {
  owner = newOwner() as OwnerId;
  client = await clientOf(app, owner);
  message = await makeMessage(client, await makeConversation(client), { role: 'assistant' });
});
afterAll(() => Promise.all([app.close(), other.close()]));

const recorded = (toolName: string, parameters: object) =>
  makeToolCall(client, message, { toolName, parameters });
const perform = ({ id }: { id: string }, instance = app) =>
  runAs(owner, 'test', () => instance.get(ToolRuns).perform({ owner }, id));
const deny = ({ id }: { id: string }, reason?: string) =>
  runAs(owner, 'test', () => app.get(ToolRuns).deny(owner, id, reason));

const tasksOf = async () => (await client.get<{ data: Task[] }>('/v1/tasks')).body.data;
const stored = async ({ id }: ToolCall) => (await client.get<ToolCall>(`/v1/tool-calls/${id}`)).body;
const chain = async () => (await client.get('/v1/tool-calls/verify')).body;

test('H4: a call is performed: effect, finished row and proof', async () => {
  const call = await recorded('add_task', { title: 'Buy milk' });
  const done = await perform(call);
  const [task] = await tasksOf();
  expect(done).toMatchObject({ id: call.id, status: 'success', result: task, version: 2 });
  expect(done.durationMs).toBeGreaterThanOrEqual(0);
  expect(await stored(call)).toEqual(done);
  expect(await chain()).toMatchObject({ valid: true, checked: 1 });
});

test('H4: the id may be one that the server has made before the call is recorded', async () => {
  const id = uuid();
  const toolCalls = [{ id, toolName: 'add_task', parameters: { title: 'Buy milk' } }];
  await runAs(owner, 'test', () =>
    app
      .get(MessagesService)
      .append(owner, message.conversationId, [{ role: 'assistant', content: '', toolCalls }]),
  );
  expect(await perform({ id })).toMatchObject({ id, toolName: 'add_task', status: 'success' });
});

test('H4: performing again is answered by the row, and has no effect', async () => {
  const call = await recorded('add_task', { title: 'Buy milk' });
  const done = await perform(call);
  expect(await perform(call)).toEqual(done);
  expect(await tasksOf()).toHaveLength(1);
});

test('H4: ten at once, on two instances, have one effect and one row, and the same answer', async () => {
  const { id: aideId } = await makeAide(client, { state: { count: 0 } });
  const operations = [{ op: 'add', path: '/count', value: 1 }];
  const calls = [
    await recorded('add_task', { title: 'Buy milk' }),
    await recorded('apply_aide_events', { aideId, type: 'counted', operations, expectedVersion: 1 }),
  ];
  const answers = await atOnce(20, (i) => perform(calls[i % 2]!, i % 4 < 2 ? app : other));
  for (const [i, answer] of answers.entries()) expect(answer).toEqual(answers[i % 2]);
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill('success'));
  expect(await tasksOf()).toHaveLength(1);
  expect((await client.get(`/v1/aides/${aideId}/state`)).body).toEqual({ version: 2, state: { count: 1 } });
  expect(await chain()).toMatchObject({ valid: true, checked: 2 });
});

describe('H4: an effect that fails leaves no effect, and a row that says why', () => {
  test.each([
    ['an unknown tool', 'drop_table', {}, 'There is no tool of this name.'],
    [
      'bad input',
      'add_task',
      { title: '' },
      'The request is not valid: /title must be 1 to 255 characters, not all blank.',
    ],
    [
      'an id of nothing',
      'delete_task',
      { id: '0199a5c0-0000-7000-8000-000000000000' },
      'There is no such thing.',
    ],
  ])('%s', async (_, toolName, parameters, error) => {
    const call = await recorded(toolName, parameters);
    const done = await perform(call);
    expect(done).toMatchObject({ status: 'error', result: { error } });
    expect(await perform(call)).toEqual(done);
    expect(await stored(call)).toEqual(done);
    expect(await chain()).toMatchObject({ valid: true, checked: 1 });
  });

  test('ten at once of one that fails make one row', async () => {
    const call = await recorded('complete_task', { id: '0199a5c0-0000-7000-8000-000000000000' });
    const answers = await atOnce(10, () => perform(call));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 'error' });
    expect(await chain()).toMatchObject({ valid: true, checked: 1 });
  });

  test('a failure of the service itself is not told', async () => {
    await failing('tasks', `RAISE EXCEPTION 'the secret of a table'`, async () => {
      const done = await perform(await recorded('add_task', { title: 'Buy milk' }));
      expect(done).toMatchObject({ status: 'error', result: { error: 'The tool has failed.' } });
    });
    expect(await tasksOf()).toEqual([]);
  });
});

describe('H4: an effect is never there without its row', () => {
  test.each([
    ['the row cannot be finished', `RAISE EXCEPTION 'no'`],
    ['the connection dies between the two', 'PERFORM pg_terminate_backend(pg_backend_pid())'],
  ])('%s: no effect, the call is pending, and is performed later', async (_, statement) => {
    const call = await recorded('add_task', { title: 'Buy milk' });
    await failing('tool_call_chain', statement, async () => {
      await expect(perform(call)).rejects.toThrow();
      expect(await tasksOf()).toEqual([]);
      expect(await stored(call)).toEqual(call);
    });
    expect(await perform(call)).toMatchObject({ status: 'success' });
    expect(await tasksOf()).toHaveLength(1);
  });

  test('the conversation was deleted: no effect', async () => {
    const call = await recorded('add_task', { title: 'Buy milk' });
    expect((await client.delete(`/v1/conversations/${message.conversationId}`)).status).toBe(204);
    await expect(perform(call)).rejects.toThrow(RowNotFound);
    expect(await tasksOf()).toEqual([]);
  });
});

describe('H4: a call that is denied has no effect', () => {
  test('with a reason or without; what is finished stays as it is', async () => {
    const task = await makeTask(client);
    const call = await recorded('delete_task', { id: task.id });
    const denied = await deny(call, 'Not this one');
    expect(denied).toMatchObject({ status: 'denied', result: { reason: 'Not this one' } });
    expect(await perform(call)).toEqual(denied);
    expect(await deny(call)).toEqual(denied);
    expect(await deny(await recorded('delete_task', {}))).toMatchObject({ status: 'denied', result: null });
    expect(await tasksOf()).toEqual([task]);
    const done = await perform(await recorded('complete_task', { id: task.id }));
    expect(await deny(done)).toEqual(done);
  });

  test('or is performed, where both are tried at once', async () => {
    const calls = await atOnce(6, () => recorded('add_task', { title: 'Buy milk' }));
    for (const call of calls) {
      const answers = await atOnce(6, (i) => (i % 2 ? perform(call) : deny(call)));
      expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
    }
    const performed = (await Promise.all(calls.map(stored))).filter(({ status }) => status === 'success');
    expect(await tasksOf()).toHaveLength(performed.length);
  });
});

test('O8: a call of another owner is as one that does not exist, and stays pending', async () => {
  const alice = client;
  const call = await recorded('add_task', { title: 'Buy milk' });
  owner = newOwner('bob') as OwnerId;
  client = await clientOf(app, owner);
  await expect(perform(call)).rejects.toThrow(RowNotFound);
  await expect(deny(call)).rejects.toThrow(RowNotFound);
  expect((await alice.get(`/v1/tool-calls/${call.id}`)).body).toEqual(call);
  expect(await tasksOf()).toEqual([]);
});

/** While `work` goes on, the database does this at every row of the owner's that comes into the table. */
async function failing(table: string, statement: string, work: () => Promise<void>): Promise<void> {
  const sql = (text: string) => sqlAsSuperuser(database, text);
  await sql(`CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN ${statement}; RETURN NEW; END $$`);
  await sql(`CREATE TRIGGER fail BEFORE INSERT ON app.${table} FOR EACH ROW WHEN (NEW.owner_id = '${owner}')
    EXECUTE FUNCTION public.fail()`);
  try {
    await work();
  } finally {
    await sql(`DROP TRIGGER fail ON app.${table}`);
    await sql('DROP FUNCTION public.fail()');
  }
}
