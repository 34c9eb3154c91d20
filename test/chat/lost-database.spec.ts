import { jest } from '@jest/globals';
import type { Run } from '../../src/chat/runs/run.entity.js';
import { RunStore } from '../../src/chat/runs/run-store.service.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { type TestDatabase, sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { makeConversation } from '../support/factories.js';
import { ended, messagesOf, textOf, turnOf } from '../support/turns.js';

/** What becomes of a turn whose database is gone for a moment. */

let chat: Chat;
let database: TestDatabase;
let person: Person;

beforeAll(async () => {
  chat = await Chat.start();
  database = await workerDatabase();
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
});
afterAll(() => chat.stop());

const cutConnections = () =>
  sqlAsSuperuser(
    database,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );

/** Begun, and followed up to its first word. */
async function begun(answer: ReturnType<typeof paced>) {
  const conversation = await makeConversation(person.client);
  chat.model.script(answer.script);
  const run = await turnOf(person.client, conversation);
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until((chunk) => chunk.type === 'text-delta');
  return { conversation, run, stream };
}

async function expectWhole({ conversation, run, stream }: Awaited<ReturnType<typeof begun>>) {
  expect(textOf(await stream.all())).toBe('One two three');
  expect(stream.chunks.map(({ id }) => id)).toEqual(stream.chunks.map((_, i) => i));
  expect((await ended(person.client, run)).status).toBe('finished');
  const said = (await messagesOf(person.client, conversation)).map(({ content }) => content);
  expect(said).toEqual(['Hello', 'One two three']);
}

const attemptsOf = async ({ id }: Run) =>
  (await sqlAsSuperuser(database, 'SELECT attempt FROM app.runs WHERE id = $1', [id]))[0];

test('H3: connections that are cut while the model speaks cost a turn nothing', async () => {
  const answer = paced('One', ' two', ' three');
  const turn = await begun(answer);
  await cutConnections();
  answer.let(1);
  await turn.stream.until((chunk) => chunk.type === 'text-delta');
  await cutConnections();
  answer.rest();
  await expectWhole(turn);
  expect(await attemptsOf(turn.run)).toEqual({ attempt: 1 });
});

test('H3: chunks whose acknowledgement was lost are not written twice, and are missing in no stream', async () => {
  const store = chat.apps[0]!.get(RunStore);
  const writeChunks = store.writeChunks.bind(store);
  const [answer, goingOn] = [paced('One', ' two'), paced(' three')];
  const turn = await begun(answer);
  chat.model.script(goingOn.script);
  const lost = Promise.withResolvers<void>();
  const spy = jest.spyOn(store, 'writeChunks').mockImplementationOnce(async (writes) => {
    await writeChunks(writes);
    lost.resolve();
    throw new Error('Connection terminated unexpectedly');
  });
  answer.let(1);
  await lost.promise;
  const lapse = `UPDATE app.runs SET lease_until = '-infinity' WHERE id = $1 AND attempt = 1`;
  await sqlAsSuperuser(database, lapse, [turn.run.id]);
  await chat.model.request(2);
  answer.rest();
  goingOn.rest();
  await expectWhole(turn);
  expect(await attemptsOf(turn.run)).toEqual({ attempt: 2 });
  spy.mockRestore();
});
