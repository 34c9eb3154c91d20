import pg from 'pg';
import { jest } from '@jest/globals';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { ChunkWrites } from '../../src/chat/runs/chunk-writes.service.js';
import { type ChunkWrite, LeaseLost, RunStore } from '../../src/chat/runs/run-store.service.js';
import type { HeldRun } from '../../src/chat/runs/write-statement.js';
import { Chat, paced } from '../support/chat.js';
import { type TestDatabase, workerDatabase } from '../support/database.js';
import { makeConversation } from '../support/factories.js';
import { stalls } from '../support/model-server.js';
import { textOf, turnOf } from '../support/turns.js';

/** Chunks of many turns go out together; what happens to one is no matter of the others. */

let chat: Chat;
let database: TestDatabase;
let locker: pg.Client;

beforeAll(async () => {
  chat = await Chat.start();
  database = await workerDatabase();
  locker = new pg.Client(database.superuser);
  await locker.connect();
});
beforeEach(() => chat.model.reset());
afterAll(async () => {
  await locker.end();
  await chat.stop();
});

/** A turn of a new owner, whose model has said one word. */
async function speaking() {
  const person = await chat.newcomer();
  const answer = paced('one', ' two');
  chat.model.script(answer.script);
  const run = await turnOf(person.client, await makeConversation(person.client));
  const stream = await person.follow(chat.apps[0]!, run);
  await stream.until((chunk) => chunk.type === 'text-delta');
  return { person, answer, run, stream };
}

test('H3: turns of several owners write together, and each stream has its own words alone', async () => {
  const together = jest.spyOn(chat.apps[0]!.get(RunStore), 'writeChunks');
  const turns = [];
  for (let n = 0; n < 12; n++) turns.push(await speaking());
  for (const { answer } of turns) answer.let(1);
  for (const { stream } of turns) await stream.until((chunk) => chunk.type === 'text-delta');
  for (const { answer } of turns) answer.rest();
  for (const { stream } of turns) expect(textOf(await stream.all())).toBe('one two');
  expect(Math.max(...together.mock.calls.map(([writes]) => writes.length))).toBeGreaterThan(1);
  together.mockRestore();
});

test('H3: a turn whose row is locked keeps no other waiting, and has its words when it is free', async () => {
  const [locked, free] = [await speaking(), await speaking()];
  await locker.query('BEGIN');
  await locker.query('SELECT FROM app.runs WHERE id = $1 FOR UPDATE', [locked.run.id]);
  locked.answer.let(1);
  free.answer.let(1);
  await free.stream.until((chunk) => chunk.type === 'text-delta');
  free.answer.rest();
  expect(textOf(await free.stream.all())).toBe('one two');
  expect(textOf(locked.stream.chunks.map(({ data }) => data))).toBe('one');
  await locker.query('COMMIT');
  locked.answer.rest();
  expect(textOf(await locked.stream.all())).toBe('one two');
});

/** Turns whose leases the test holds. */
async function held(count: number) {
  chat.model.otherwise = stalls;
  const runs: ChunkWrite[] = [];
  for (let n = 0; n < count; n++) {
    const { client, owner } = await chat.newcomer();
    const { id } = await turnOf(client, await makeConversation(client));
    const { rows } = await locker.query<HeldRun>(
      `UPDATE app.runs SET attempt = 7, lease_until = now() + '1 hour' WHERE id = $1
        RETURNING id, attempt, steps, chunk_count AS "chunkCount"`,
      [id],
    );
    runs.push({ owner: toOwnerId(owner)!, run: rows[0]!, chunks: [{ type: 'text-start', id: 'x' }] });
  }
  return runs;
}

const written = { status: 'fulfilled', value: { stop: false } };
const storedOf = async (writes: ChunkWrite[]) => {
  const { rows } = await locker.query<{ run_id: string }>(
    `SELECT run_id FROM app.run_chunks WHERE run_id = ANY($1) AND chunks @> '[{"id":"x"}]'`,
    [writes.map(({ run }) => run.id)],
  );
  return rows.map(({ run_id }) => run_id).toSorted();
};

test('H3: what is locked is left out, not waited for', async () => {
  const writes = await held(2);
  await locker.query('BEGIN');
  await locker.query('SELECT FROM app.runs WHERE id = $1 FOR UPDATE', [writes[0]!.run.id]);
  const outcome = await chat.apps[0]!.get(RunStore).writeChunks(writes);
  await locker.query('ROLLBACK');
  expect(outcome).toEqual([undefined, { stop: false }]);
  expect(await storedOf(writes)).toEqual([writes[1]!.run.id]);
});

test('H3: a lease that is lost is lost for its turn alone, and nothing of it is written', async () => {
  const writes = await held(3);
  const [first, lost, last] = writes as [ChunkWrite, ChunkWrite, ChunkWrite];
  lost.run.attempt = 6;
  const outcomes = await Promise.allSettled(
    writes.map((write) => chat.apps[0]!.get(ChunkWrites).write(write)),
  );
  expect(outcomes).toEqual([written, { status: 'rejected', reason: expect.any(LeaseLost) }, written]);
  expect(await storedOf(writes)).toEqual([first.run.id, last.run.id].toSorted());
});

test('H3: chunks that the database refuses are refused for their turn alone', async () => {
  const writes = await held(3);
  const [first, refused, last] = writes as [ChunkWrite, ChunkWrite, ChunkWrite];
  refused.chunks = [{ type: 'text-start', id: '\0' }];
  const outcomes = await Promise.allSettled(
    writes.map((write) => chat.apps[0]!.get(ChunkWrites).write(write)),
  );
  expect(outcomes).toEqual([written, { status: 'rejected', reason: expect.any(pg.DatabaseError) }, written]);
  expect(await storedOf(writes)).toEqual([first.run.id, last.run.id].toSorted());
});
