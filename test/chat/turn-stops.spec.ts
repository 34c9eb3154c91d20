import { Chat, paced, type Person } from '../support/chat.js';
import { rowsOf } from '../support/rows.js';
import { workerDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { atOnce, makeConversation } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { beginTurn, ended, messagesOf, turnOf, turnPath } from '../support/turns.js';

let chat: Chat;
let person: Person;

beforeAll(async () => {
  chat = await Chat.start(2);
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
});
afterAll(() => chat.stop());

const usageOf = async () => (await person.client.get<{ usage: object }>('/v1/me')).body.usage;

/** A turn that has said One, and goes on with nothing until it is let to. */
async function speaking() {
  const conversation = await makeConversation(person.client);
  const slow = paced('One', ' two');
  chat.model.script(slow.script);
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until(({ type }) => type === 'text-delta');
  return { conversation, run, stream, slow };
}

test.each([
  [0, 'its'],
  [1, 'another'],
])(
  'H2: a turn is stopped by way of %i, %s instance: what was said is kept, and no more is said',
  async (instance) => {
    const { conversation, run, stream, slow } = await speaking();
    const { client } = await person.on(chat.apps[instance]!);
    const answers = await atOnce(5, () => client.post(`${turnPath(run)}/stop`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const stopped = await ended(client, run);
    expect(stopped).toMatchObject({ status: 'stopped', errorCode: null });
    expect((await stream.all()).at(-1)).toEqual({ type: 'abort' });
    expect(stream.farewell).toBe('[DONE]');
    slow.rest();
    const messages = await messagesOf(client, conversation);
    expect(messages.map(({ content }) => content)).toEqual(['Hello', 'One']);
    expect(await usageOf()).toMatchObject({ turns: 1, tokens: stopped.tokens });
    expect((await client.post(`${turnPath(run)}/stop`)).body).toEqual(stopped);
    expect((await ended(client, await turnOf(client, conversation))).status).toBe('finished');
  },
);

test('H2: stopping ends the call of the model', async () => {
  const conversation = await makeConversation(person.client);
  const hungUp = Promise.withResolvers<void>();
  chat.model.script(async (answer) => {
    answer.text('One');
    await answer.closed;
    hungUp.resolve();
  });
  const run = await turnOf(person.client, conversation);
  await chat.model.request(1);
  await person.client.post(`${turnPath(run)}/stop`);
  await hungUp.promise;
  expect((await ended(person.client, run)).status).toBe('stopped');
});

test('H2, H3: a turn that waits in line is stopped, and the ones behind it are answered', async () => {
  const { client } = await person.on(await chat.another({ TURN_WHEN_BUSY: 'queue' }));
  const conversation = await makeConversation(client);
  const slow = paced('to one');
  chat.model.script(slow.script, says('to three'));
  const one = await turnOf(client, conversation, 'one');
  const two = await turnOf(client, conversation, 'two');
  const three = await turnOf(client, conversation, 'three');
  const stream = await person.follow(chat.apps[0]!, two);
  expect((await client.post(`${turnPath(two)}/stop`)).body).toMatchObject({ status: 'stopped' });
  expect((await stream.all()).map(({ type }) => type)).toEqual(['start', 'abort']);
  slow.rest();
  for (const run of [one, three]) expect((await ended(client, run)).status).toBe('finished');
  expect((await messagesOf(client, conversation)).map(({ content }) => content)).toEqual([
    'one',
    'two',
    'three',
    'to one',
    'to three',
  ]);
});

test('H4: a conversation that is deleted, or cleared, ends its turn, which says nothing into it any more', async () => {
  for (const path of ['', '/messages']) {
    const { conversation, stream, slow } = await speaking();
    const { client } = person;
    expect((await client.delete(`/v1/conversations/${conversation.id}${path}`)).status).toBe(204);
    slow.let(1);
    expect((await stream.all()).at(-1)).toEqual({ type: 'abort' });
    if (path === '') await client.post(`/v1/conversations/${conversation.id}/restore`);
    const contents = (await messagesOf(client, conversation)).map(({ content }) => content);
    expect(contents).toEqual(path === '' ? ['Hello'] : []);
    const { body } = await client.get<{ data: { status: string }[] }>(
      `/v1/conversations/${conversation.id}/turns`,
    );
    expect(body.data.map(({ status }) => status)).toEqual(['stopped']);
    expect((await ended(client, await turnOf(client, conversation))).status).toBe('finished');
  }
});

test('H4: one that is erased takes its turn with it; so does its owner, of whom nothing remains', async () => {
  const { conversation, stream } = await speaking();
  const { client, owner } = person;
  await client.delete(`/v1/conversations/${conversation.id}?permanent=true&confirm=erase`);
  await stream.all();
  expectProblem(await beginTurn(client, conversation, 'x'), 404, 'not_found');
  const other = await speaking();
  chat.model.script(calls('add_task', { title: 'x' }));
  expect((await client.delete('/v1/me?confirm=erase')).status).toBe(204);
  other.slow.rest();
  await other.stream.all();
  const left = Object.entries(await rowsOf(await workerDatabase(), owner)).filter(
    ([, rows]) => rows.length > 0,
  );
  expect(left.map(([table]) => table)).toEqual([]);
});
