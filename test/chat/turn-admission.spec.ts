import { Chat, paced, type Person } from '../support/chat.js';
import { type TestDatabase, sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeConversation } from '../support/factories.js';
import { says } from '../support/model-server.js';
import { beginTurn, ended, messagesOf, turnOf } from '../support/turns.js';

/** Whether a message begins a turn: while another goes on, when it is repeated, and where the month's are used up. */

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

test('H3: a conversation has one active turn: another message is refused until it is over', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  const slow = paced('One');
  chat.model.script(slow.script);
  const run = await turnOf(client, conversation);
  expectProblem(await beginTurn(client, conversation, 'And?'), 409, 'turn_in_progress');
  const elsewhere = await person.on(chat.apps[1]!);
  expectProblem(await beginTurn(elsewhere.client, conversation, 'And?'), 409, 'turn_in_progress');
  slow.rest();
  await ended(client, run);
  await ended(client, await turnOf(client, conversation, 'And now?'));
  expect((await messagesOf(client, conversation)).map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'user',
    'assistant',
  ]);
});

test.each(['clientMessageId', 'Idempotency-Key'])(
  'H3: 20 requests at once with the same %s, on two instances, are one turn, one message and one call of the model',
  async (how) => {
    const conversation = await makeConversation(person.client);
    const clients = [person.client, (await person.on(chat.apps[1]!)).client];
    const [fields, headers] =
      how === 'clientMessageId'
        ? [{ clientMessageId: 'x'.repeat(16) }, {}]
        : [{}, { 'idempotency-key': 'k' }];
    const answers = await atOnce(20, (i) => beginTurn(clients[i % 2]!, conversation, 'Hi', fields, headers));
    expect(statuses(answers)).toEqual({ 202: 20 });
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    await ended(person.client, answers[0]!.body);
    const again = await beginTurn(person.client, conversation, 'Hi', fields, headers);
    expect([again.status, again.body.id]).toEqual([202, answers[0]!.body.id]);
    expect(chat.model.requests).toHaveLength(1);
    expect(await messagesOf(person.client, conversation)).toHaveLength(2);
  },
);

test('H3: a repeated request is looked for before the limit and before what goes on; a key is of one request', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  const slow = paced('One');
  chat.model.script(slow.script);
  const key = { 'idempotency-key': 'k' };
  const { body: run } = await beginTurn(client, conversation, 'Hi', { clientMessageId: 'm' }, key);
  await useUp(0);
  expect((await beginTurn(client, conversation, 'Hi', { clientMessageId: 'm' })).body.id).toBe(run.id);
  const replayed = await beginTurn(client, conversation, 'Hi', { clientMessageId: 'm' }, key);
  expect([replayed.body.id, replayed.headers.get('idempotent-replayed')]).toEqual([run.id, 'true']);
  expectProblem(await beginTurn(client, conversation, 'Other', {}, key), 422, 'idempotency_key_reused');
  slow.rest();
  await ended(client, run);
});

test('H3: where the service queues, messages are answered one after the other, in their order', async () => {
  const queueing = await chat.another({ TURN_WHEN_BUSY: 'queue' });
  const { client } = await person.on(queueing);
  const conversation = await makeConversation(client);
  const slow = paced('to one');
  chat.model.script(slow.script, says('to two'), says('to three'));
  const runs = [];
  for (const content of ['one', 'two', 'three']) runs.push(await turnOf(client, conversation, content));
  expect(runs.map(({ status }) => status)).toEqual(['running', 'queued', 'queued']);
  slow.rest();
  for (const run of runs) expect((await ended(client, run)).status).toBe('finished');
  const messages = await messagesOf(client, conversation);
  expect(messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)).toEqual([
    'to one',
    'to two',
    'to three',
  ]);
  expect(chat.model.requests[2]!.body.messages.slice(1).map(({ content }) => content)).toEqual([
    'one',
    'to one',
    'two',
    'to two',
    'three',
  ]);
});

const useUp = (left: number) =>
  sqlAsSuperuser(
    database,
    `INSERT INTO app.chat_usage VALUES ($1, date_trunc('month', now() AT TIME ZONE 'UTC'), $2, 0)
     ON CONFLICT (owner_id, month) DO UPDATE SET turns = excluded.turns`,
    [person.owner, 500 - left],
  );

test('H1: the turns of a month are limited by tier, exactly; a refused one leaves nothing', async () => {
  const { client } = person;
  const conversations = await atOnce(10, () => makeConversation(client));
  await useUp(3);
  const answers = await atOnce(10, (i) => beginTurn(client, conversations[i]!, 'Hi'));
  expect(statuses(answers)).toEqual({ 202: 3, 403: 7 });
  expectProblem(
    answers.find(({ status }) => status === 403)!,
    403,
    'tier_limit_exceeded',
  );
  for (const { status, body } of answers) if (status === 202) await ended(client, body);
  const me = (await client.get<{ usage: object; limits: object }>('/v1/me')).body;
  expect(me).toMatchObject({
    usage: { turns: 500, tokens: 3 * 18, messages: 6 },
    limits: { turns: 500, tokens: 1_000_000 },
  });
});
