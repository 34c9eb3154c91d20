import { mintToken } from '../../src/auth/mint-token.js';
import { Lookups } from '../../src/database/lookups.js';
import { originOf, testConfig } from '../support/app.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { type TestDatabase, sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { atOnce, makeAide, makeConversation } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { claims, forge, inSeconds } from '../support/tokens.js';
import { ended, messagesOf, textOf, turnOf, TurnStream } from '../support/turns.js';
import { messageOf } from '../support/ui-message.js';

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

const numbersOf = ({ chunks }: TurnStream) => chunks.map(({ id }) => id);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test('H2: the stream is the UI message stream of the AI SDK, numbered from 0, and its client takes it', async () => {
  const { client, token } = person;
  const conversation = await makeConversation(client);
  chat.model.script(calls('add_task', { title: 'Buy milk' }), says('Added', ' it.'));
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json' };
  const url = `${originOf(chat.apps[0]!)}/v1/conversations/${conversation.id}/turns`;
  const body = JSON.stringify({ content: 'Add a task: buy milk' });
  const stream = await TurnStream.open(url, token, { method: 'POST', headers, body });
  expect(stream.answer.status).toBe(200);
  expect(Object.fromEntries(stream.answer.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'x-vercel-ai-ui-message-stream': 'v1',
    'x-accel-buffering': 'no',
    'cache-control': 'no-store',
  });
  const chunks = await stream.all();
  expect(stream.farewell).toBe('[DONE]');
  expect(numbersOf(stream)).toEqual(upTo(chunks.length));
  const { body: run } = await client.get<{ answerId: string }>(stream.answer.headers.get('location')!);
  const message = await messageOf(chunks);
  expect(message.id).toBe(run.answerId);
  expect(message.parts).toMatchObject([
    { type: 'step-start' },
    { type: 'tool-add_task', state: 'output-available', input: { title: 'Buy milk' } },
    { type: 'step-start' },
    { type: 'text', text: 'Added it.', state: 'done' },
  ]);
});

test('H2: the first piece comes at once, and who follows on another instance sees what comes as it comes', async () => {
  const slow = paced('One', ' two', ' three');
  chat.model.script(slow.script);
  const run = await turnOf(person.client, await makeConversation(person.client));
  const streams = await Promise.all(chat.apps.map((app) => person.follow(app, run)));
  for (const [i, piece] of ['One', ' two', ' three'].entries()) {
    slow.let(i);
    if (i === 0) continue;
    for (const stream of streams)
      await stream.until((chunk) => chunk.type === 'text-delta' && chunk.delta.endsWith(piece));
  }
  for (const stream of streams) {
    expect(textOf(await stream.all())).toBe('One two three');
    expect(stream.farewell).toBe('[DONE]');
  }
});

test('H2: who hangs up stops nothing, and goes on behind the last chunk, on any instance, without gap or repeat', async () => {
  const pieces = Array.from({ length: 12 }, (_, i) => `piece ${i}. `);
  const slow = paced(...pieces);
  chat.model.script(slow.script);
  const run = await turnOf(person.client, await makeConversation(person.client));
  const seen: TurnStream['chunks'] = [];
  for (let i = 0; i < pieces.length; i++) {
    const stream = await person.follow(chat.apps[i % 2]!, run, seen.at(-1)?.id);
    if (i > 0) slow.let(i);
    await stream.until((chunk) => chunk.type === 'text-delta' && chunk.delta.endsWith(pieces[i]!));
    seen.push(...stream.chunks);
    stream.close();
  }
  slow.rest();
  const last = await person.follow(chat.apps[1]!, run, seen.at(-1)!.id);
  await last.all();
  seen.push(...last.chunks);
  const whole = await person.follow(chat.apps[0]!, run);
  await whole.all();
  expect(seen).toEqual(whole.chunks);
  expect(textOf(seen.map(({ data }) => data))).toBe(pieces.join(''));
  const done = await person.follow(chat.apps[0]!, run, seen.at(-1)!.id);
  expect([await done.all(), done.farewell]).toEqual([[], '[DONE]']);
});

test('H2: a stream of which nobody is told is found by looking', async () => {
  const slow = paced('One', ' two');
  chat.model.script(slow.script);
  const run = await turnOf(person.client, await makeConversation(person.client));
  const stream = await person.follow(chat.apps[1]!, run);
  await stream.until(({ type }) => type === 'text-delta');
  await sqlAsSuperuser(
    database,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'assistant-backend notifications'`,
  );
  slow.rest();
  expect(textOf(await stream.all())).toBe('One two');
});

test('H2: an instance that stops gives its turns away at once; they go on elsewhere, and so do their streams', async () => {
  const third = await chat.another();
  const slow = paced('One', ' two');
  chat.model.script(slow.script, says(' and the rest.'));
  const conversation = await makeConversation(person.client);
  const run = await turnOf((await person.on(third)).client, conversation);
  const stream = await person.follow(third, run);
  await stream.until(({ type }) => type === 'text-delta');
  const start = performance.now();
  await Promise.all([third.close(), stream.all()]);
  chat.apps.pop();
  expect([stream.farewell, performance.now() - start < 4000]).toEqual([undefined, true]);
  const rest = await person.follow(chat.apps[1]!, run, stream.chunks.at(-1)!.id);
  await rest.all();
  expect(performance.now() - start).toBeLessThan(5000); // no lease had to run out
  const chunks = [...stream.chunks, ...rest.chunks];
  expect(chunks.map(({ id }) => id)).toEqual(upTo(chunks.length));
  expect(textOf(chunks.map(({ data }) => data))).toBe('One and the rest.');
  expect((await messagesOf(person.client, conversation)).at(-1)!.content).toBe('One and the rest.');
  slow.rest();
});

test('A3, H2: an owner has 20 streams on an instance, whatever they follow; they end with the token', async () => {
  const { client, owner } = person;
  const slow = paced('One');
  chat.model.script(slow.script);
  const run = await turnOf(client, await makeConversation(client));
  const aide = await makeAide(client);
  const brief = forge({ payload: claims({ sub: owner, iat: inSeconds(-60), exp: inSeconds(-27) }) });
  const url = `${originOf(chat.apps[0]!)}/v1/aides/${aide.id}/events/stream`;
  const streams = await atOnce(20, async (i) =>
    i % 2 ? TurnStream.open(url, person.token) : person.follow(chat.apps[0]!, run),
  );
  const refused = await person.follow(chat.apps[0]!, run);
  expect([refused.answer.status, refused.answer.headers.get('retry-after')]).toEqual([429, '1']);
  const another = await makeConversation(client);
  const json = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const message = { id: 'm', role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
  const asks = {
    [`/v1/conversations/${another.id}/turns`]: { content: 'Hi' },
    '/api/chat': { id: another.id, messages: [message], trigger: 'submit-message' },
  };
  for (const [path, body] of Object.entries(asks)) {
    const init = { method: 'POST', headers: json, body: JSON.stringify(body) };
    const { answer } = await TurnStream.open(`${originOf(chat.apps[0]!)}${path}`, person.token, init);
    expect(answer.status).toBe(429);
  }
  expect(await messagesOf(client, another)).toEqual([]); // nothing was begun that cannot be followed
  for (const stream of streams) stream.close();
  const expiring = await TurnStream.open(
    `${originOf(chat.apps[1]!)}/v1/conversations/${run.conversationId}/turns/${run.id}/stream`,
    brief,
  );
  await expiring.all();
  expect(expiring.farewell).toBeUndefined();
  slow.rest();
  expect((await ended(client, run)).status).toBe('finished');
});

test('H2: chunks are purged a day later, and the turn and its messages stay', async () => {
  const { client } = person;
  const conversation = await makeConversation(client);
  const run = await ended(client, await turnOf(client, conversation));
  const chunks = () => sqlAsSuperuser(database, 'SELECT FROM app.run_chunks WHERE run_id = $1', [run.id]);
  const age = (hours: number) =>
    sqlAsSuperuser(
      database,
      `UPDATE app.run_chunks SET created_at = now() - make_interval(hours => ${hours}) WHERE run_id = '${run.id}'`,
    );
  const purge = async () => {
    await sqlAsSuperuser(database, `UPDATE app.jobs SET ran_at = '-infinity'`);
    expect(await chat.apps[0]!.get(Lookups).purge(30)).toBeDefined();
  };
  await age(23);
  await purge();
  expect(await chunks()).not.toEqual([]);
  await age(25);
  await purge();
  expect(await chunks()).toEqual([]);
  expect(await ended(client, run)).toEqual(run);
  expect(await messagesOf(client, conversation)).toHaveLength(2);
  const stream = await person.follow(chat.apps[1]!, run);
  expect([await stream.all(), stream.farewell]).toEqual([[], '[DONE]']);
});

test('H2: a token of another owner follows nothing', async () => {
  const run = await ended(person.client, await turnOf(person.client, await makeConversation(person.client)));
  const stranger = await chat.newcomer();
  const token = await mintToken(testConfig(), stranger.owner, 1);
  const url = `${originOf(chat.apps[0]!)}/v1/conversations/${run.conversationId}/turns/${run.id}/stream`;
  expect((await TurnStream.open(url, token)).answer.status).toBe(404);
});
