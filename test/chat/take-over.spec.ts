import pg from 'pg';
import type { Run } from '../../src/chat/runs/run.entity.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { type TestDatabase, sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { makeConversation } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { ended, messagesOf, textOf, turnOf, turnPath } from '../support/turns.js';
import { messageOf } from '../support/ui-message.js';

/** What happens to a turn whose holder is gone, or only thinks that it still has it. */

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

/** As if its first holder had been silent for too long, until somebody else has it. */
async function takenOver({ id }: Run): Promise<void> {
  const lapse = `UPDATE app.runs SET lease_until = '-infinity' WHERE id = $1 AND attempt = 1 RETURNING id`;
  while ((await sqlAsSuperuser(database, lapse, [id])).length > 0)
    await sqlAsSuperuser(database, `SELECT pg_notify('changes', 'runs')`);
}

test('H2: who takes a turn over keeps what was said and goes on in the same words; the holder before writes nothing more', async () => {
  const conversation = await makeConversation(person.client);
  const [first, second] = [paced('One', ' of the first'), paced(' two', ' three')];
  chat.model.script(first.script, second.script);
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until((chunk) => chunk.type === 'text-delta');
  await takenOver(run);
  await chat.model.request(2);
  first.rest(); // it speaks, and nobody hears it
  second.rest();
  expect((await ended(person.client, run)).status).toBe('finished');
  const chunks = await stream.all();
  expect(textOf(chunks)).toBe('One two three');
  expect(chunks.filter(({ type }) => type === 'text-start')).toHaveLength(1);
  expect((await messageOf(chunks)).parts).toMatchObject([
    { type: 'step-start' },
    { type: 'text', text: 'One two three', state: 'done' },
  ]);
  expect(stream.chunks.map(({ id }) => id)).toEqual(chunks.map((_, i) => i));
  expect((await messagesOf(person.client, conversation)).map(({ content }) => content)).toEqual([
    'Hello',
    'One two three',
  ]);
  const [asked, cut, goOn] = chat.model.requests[1]!.body.messages.slice(1);
  expect([asked!.content, cut]).toEqual(['Hello', { role: 'assistant', content: 'One' }]);
  expect(goOn!.content).toContain('cut off');
  expect((await person.client.get<{ usage: object }>('/v1/me')).body.usage).toMatchObject({
    turns: 1,
    tokens: 18,
  });
});

test('H2: an answer that was whole as its holder was lost is one, though the model has nothing to add', async () => {
  const conversation = await makeConversation(person.client);
  const first = paced('All of it.');
  chat.model.script(first.script, (answer) => answer.finish());
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until((chunk) => chunk.type === 'text-delta');
  await takenOver(run);
  expect((await ended(person.client, run)).status).toBe('finished');
  first.rest();
  expect((await messageOf(await stream.all())).parts).toMatchObject([
    { type: 'step-start' },
    { type: 'text', text: 'All of it.', state: 'done' },
  ]);
  const messages = await messagesOf(person.client, conversation);
  expect(messages.map(({ content }) => content)).toEqual(['Hello', 'All of it.']);
});

test('H4: a call whose step did not finish is not performed, has a result in the stream, and the model goes on', async () => {
  const conversation = await makeConversation(person.client);
  const gate = Promise.withResolvers<void>();
  chat.model.script(
    async (answer) => {
      answer.text('I add it.');
      answer.call('add_task', ['{"title": "Buy', ' milk"}']);
      await gate.promise;
    },
    calls('add_task', { title: 'Buy milk' }),
    says('Added.'),
  );
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[1]!, run);
  await stream.until((chunk) => chunk.type === 'tool-input-delta');
  await takenOver(run);
  expect((await ended(person.client, run)).status).toBe('finished');
  gate.resolve();
  const { parts } = await messageOf(await stream.all());
  expect(parts.filter(({ type }) => type === 'tool-add_task')).toMatchObject([
    { state: 'output-error' },
    { state: 'output-available' },
  ]);
  expect((await person.client.get<{ data: object[] }>('/v1/tasks')).body.data).toHaveLength(1);
  const messages = await messagesOf(person.client, conversation);
  expect(messages.map(({ content }) => content)).toEqual(['Hello', 'I add it.', 'Added.']);
  expect(messages.flatMap(({ toolCalls }) => toolCalls!).map(({ status }) => status)).toEqual(['success']);
});

test('H4: a call that was recorded but not performed is performed by who takes over, once, and the step is not repeated', async () => {
  const conversation = await makeConversation(person.client);
  const locked = Promise.withResolvers<void>();
  chat.model.script(async (answer, request) => {
    await locked.promise;
    await calls('add_task', { title: 'Buy milk' })(answer, request);
  }, says('Added.'));
  // Whoever performs a call locks its owner first: so it stays undone until the turn is another's.
  const client = new pg.Client({ connectionString: database.superuser });
  await client.connect();
  const run = await turnOf(person.client, conversation);
  await client.query('BEGIN');
  await client.query('SELECT FROM app.users WHERE id = $1 FOR NO KEY UPDATE', [person.owner]);
  locked.resolve();
  const callsOf = () =>
    sqlAsSuperuser<{ status: string }>(database, 'SELECT status FROM app.tool_calls WHERE owner_id = $1', [
      person.owner,
    ]);
  while ((await callsOf()).length === 0);
  expect(await callsOf()).toEqual([{ status: 'pending' }]);
  await takenOver(run);
  await client.query('COMMIT');
  await client.end();
  expect((await ended(person.client, run)).status).toBe('finished');
  expect(await callsOf()).toEqual([{ status: 'success' }]);
  expect((await person.client.get<{ data: object[] }>('/v1/tasks')).body.data).toHaveLength(1);
  expect(chat.model.requests).toHaveLength(2);
  const chunks = await (await person.follow(chat.apps[0]!, run)).all();
  expect(chunks.filter(({ type }) => type === 'tool-output-available')).toHaveLength(1);
  expect((await messageOf(chunks)).parts.at(-1)).toMatchObject({ type: 'text', text: 'Added.' });
});

test('H2: a stop whose holder is gone is heeded by who takes over, without another word of the model', async () => {
  const conversation = await makeConversation(person.client);
  const slow = paced('One');
  chat.model.script(slow.script);
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until((chunk) => chunk.type === 'text-delta');
  await sqlAsSuperuser(
    database,
    `UPDATE app.runs SET lease_until = '-infinity', stop_requested_at = now(), attempt = attempt + 1 WHERE id = $1`,
    [run.id],
  );
  expect((await ended(person.client, run)).status).toBe('stopped');
  slow.rest();
  expect((await stream.all()).at(-1)).toEqual({ type: 'abort' });
  expect(chat.model.requests).toHaveLength(1);
  expect((await messagesOf(person.client, conversation)).map(({ content }) => content)).toEqual([
    'Hello',
    'One',
  ]);
});

test('H2: a turn that has had too many holders fails, with what was said', async () => {
  const conversation = await makeConversation(person.client);
  const slow = paced('One');
  chat.model.script(slow.script);
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until((chunk) => chunk.type === 'text-delta');
  await sqlAsSuperuser(
    database,
    `UPDATE app.runs SET lease_until = '-infinity', attempt = 25 WHERE id = $1`,
    [run.id],
  );
  expect(await ended(person.client, run)).toMatchObject({ status: 'failed', errorCode: 'interrupted' });
  slow.rest();
  expect((await messagesOf(person.client, conversation)).at(-1)!.content).toBe('One');
  expect((await person.client.get(turnPath(run))).status).toBe(200);
});
