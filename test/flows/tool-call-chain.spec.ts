import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { migrate, revert } from '../../src/database/migrate.js';
import { migrations } from '../../src/database/migrations/index.js';
import type { Message } from '../../src/messages/message.entity.js';
import type { ChainEntry } from '../../src/tool-calls/chain-entry.entity.js';
import type { Verification } from '../../src/tool-calls/tool-call.dto.js';
import type { ToolCall } from '../../src/tool-calls/tool-call.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { statuses } from '../support/expectations.js';
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
  await begin(await clientOf(app, owner));
});
afterAll(() => app.close());

async function begin(as: ApiClient): Promise<void> {
  client = as;
  conversation = await makeConversation(client);
  message = await makeMessage(client, conversation, { role: 'assistant' });
}

const verify = async () => (await client.get<Verification>('/v1/tool-calls/verify')).body;
const chain = async () => (await readPages<ChainEntry>(client, '/v1/tool-calls/chain?limit=2')).flat();
const finish = ({ id }: ToolCall, i = 0) =>
  client.post<ToolCall>(`/v1/tool-calls/${id}/finish`, {
    status: 'success',
    result: { b: [1e21, 0.1, -0, 'é\u2028😀'], a: { i } },
    durationMs: i,
  });

/** Finished calls of one message each, in the order of finishing. */
async function finished(count: number, caller = message): Promise<ToolCall[]> {
  const calls: ToolCall[] = [];
  for (let i = 0; i < count; i++) {
    const call = await makeToolCall(client, caller, { parameters: { title: 'Buy milk', ' \t': null } });
    calls.push((await finish(call, i)).body);
  }
  return calls;
}

/** Past the walls and the trigger that freezes finished calls. */
const tamper = (text: string, values: unknown[]) =>
  sqlAsSuperuser(
    { ...database, superuser: `${database.superuser}?options=-c%20session_replication_role%3Dreplica` },
    text,
    values,
  );

test('K3: an owner without finished calls has an empty chain, and pending calls are not in it', async () => {
  await makeToolCall(client, message);
  expect(await verify()).toEqual({ valid: true, checked: 0, removed: 0 });
});

test('K3: anyone can recompute the chain from the answers of the API', async () => {
  const calls = await finished(3);
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  let previous = sha256(owner);
  const expected = calls.map((call, i) => {
    const { version: _, ...content } = call;
    const digest = sha256(canonicalize(content)!);
    previous = sha256(`${previous}:${call.id}:${call.messageId}:${digest}`);
    return { id: call.id, messageId: message.id, position: i + 1, digest, hash: previous };
  });
  expect(await chain()).toMatchObject(expected);
  expect(await verify()).toEqual({
    valid: true,
    checked: 3,
    removed: 0,
    head: { position: 3, hash: previous },
  });
});

const CHANGES: [string, string][] = [
  ['a byte of a parameter', `parameters = jsonb_set(parameters, '{title}', '"Buy Milk"')`],
  ['a digit of the result', `result = jsonb_set(result, '{a,i}', '7')`],
  ['a number that no JSON of the API can hold', `result = '1e400'`],
  ['the outcome', `status = 'error'`],
  ['the name', `tool_name = 'drop_task'`],
  ['the duration', `duration_ms = 2`],
  ['the time of finishing, by a millisecond', `finished_at = finished_at + interval '1 millisecond'`],
  ['the time of making', `created_at = created_at - interval '1 millisecond'`],
  ['the state, back to pending', `status = 'pending', finished_at = NULL, result = NULL, duration_ms = NULL`],
];

test.each(CHANGES)('K3: %s, changed past the walls, is found', async (_, change) => {
  const [, call] = await finished(3);
  await tamper(`UPDATE app.tool_calls SET ${change} WHERE id = $1`, [call!.id]);
  const { valid, checked, firstBroken } = await verify();
  expect([valid, checked, firstBroken]).toEqual([false, 1, { id: call!.id, position: 2 }]);
});

test.each([
  ['digest', `digest = repeat('0', 64)`],
  ['hash', `hash = repeat('0', 64)`],
  ['position', `position = 9`],
  ['message', `message_id = gen_random_uuid()`],
  ['call', `id = gen_random_uuid()`],
])('K3: an entry of the chain with another %s is found', async (_, change) => {
  const [, call, next] = await finished(3);
  await tamper(`UPDATE app.tool_call_chain SET ${change} WHERE id = $1`, [call!.id]);
  const { valid, checked, firstBroken } = await verify();
  const id = change.startsWith('position') ? next!.id : firstBroken!.id;
  expect([valid, checked, firstBroken!.id]).toEqual([false, 1, id]);
});

test('K3: a call removed by itself is found, though its entry and its message stay', async () => {
  const [, call] = await finished(3);
  await tamper('DELETE FROM app.tool_calls WHERE id = $1', [call!.id]);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: call!.id, position: 2 } });
});

test('K3: a call removed with its entry is found by the entry behind it', async () => {
  const [, call, next] = await finished(3);
  for (const table of ['tool_calls', 'tool_call_chain'])
    await tamper(`DELETE FROM app.${table} WHERE id = $1`, [call!.id]);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: next!.id, position: 3 } });
});

test('K3: calls in another order are found', async () => {
  const [, second, third] = await finished(3);
  const move = ({ id }: ToolCall, position: number) =>
    tamper('UPDATE app.tool_call_chain SET position = $2 WHERE id = $1', [id, position]);
  await move(second!, 9);
  await move(third!, 2);
  await move(second!, 3);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: third!.id, position: 2 } });
});

test('K3: an entry moved away from the others is found', async () => {
  const [, last] = await finished(2);
  await tamper('UPDATE app.tool_call_chain SET position = 9 WHERE id = $1', [last!.id]);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: last!.id, position: 9 } });
});

test('K3: an inserted call is found, with an entry of its own and without', async () => {
  await finished(2);
  const [made] = await sqlAsSuperuser<{ id: string }>(
    database,
    `INSERT INTO app.tool_calls (owner_id, id, conversation_id, message_id, tool_name, status, finished_at)
     VALUES ($1, gen_random_uuid(), $2, $3, 'forged', 'success', now()) RETURNING id`,
    [owner, conversation.id, message.id],
  );
  const id = made!.id;
  expect(await verify()).toMatchObject({ valid: false, checked: 2, firstBroken: { id, position: null } });
  await sqlAsSuperuser(
    database,
    `INSERT INTO app.tool_call_chain (owner_id, id, position, message_id, digest, hash)
     SELECT owner_id, $2, 3, message_id, digest, hash FROM app.tool_call_chain WHERE owner_id = $1 AND position = 2`,
    [owner, id],
  );
  expect(await verify()).toMatchObject({ valid: false, checked: 2, firstBroken: { id, position: 3 } });
});

test('K3: a chain cut short is found while its calls are there; with them, by who kept the head', async () => {
  const [, second, third] = await finished(3);
  const kept = (await verify()).head;
  const cut = [[second!.id, third!.id]];
  await tamper('DELETE FROM app.tool_call_chain WHERE id = ANY($1)', cut);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: second!.id, position: null } });
  await tamper('DELETE FROM app.tool_calls WHERE id = ANY($1)', cut);
  const { valid, head } = await verify();
  expect([valid, head!.position < kept!.position]).toEqual([true, true]);
});

test('K3: the chain of another owner is none of this one’s', async () => {
  await finished(1);
  const stranger = newOwner();
  await begin(await clientOf(app, stranger));
  expect([await verify(), await chain()]).toEqual([{ valid: true, checked: 0, removed: 0 }, []]);
  await finished(1);
  const [entry] = await chain();
  await tamper('DELETE FROM app.tool_call_chain WHERE owner_id = $1', [owner]);
  await tamper('UPDATE app.tool_call_chain SET owner_id = $2 WHERE owner_id = $1', [stranger, owner]);
  client = await clientOf(app, owner);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: entry!.id, position: 1 } });
});

test('K3, C4: what its owner erases leaves its proof, and the chain goes on', async () => {
  await finished(2);
  const elsewhere = await makeConversation(client);
  await finished(2, await makeMessage(client, elsewhere, { role: 'assistant' }));
  await client.delete(`/v1/messages/${message.id}`);
  expect(await verify()).toMatchObject({ valid: true, checked: 4, removed: 0 });
  await client.delete(`/v1/conversations/${conversation.id}?permanent=true&confirm=erase`);
  await begin(client);
  await finished(1);
  expect(await verify()).toMatchObject({ valid: true, checked: 5, removed: 2 });
  const [first] = await chain();
  await tamper(`UPDATE app.tool_call_chain SET digest = repeat('1', 64) WHERE id = $1`, [first!.id]);
  expect(await verify()).toMatchObject({ valid: false, firstBroken: { id: first!.id, position: 1 } });
});

test('K3: 40 calls that are finished at once, by two who try, are one chain without gaps', async () => {
  const other = await startApp();
  const clients = [client, await clientOf(other, owner)];
  const calls = await atOnce(40, () => makeToolCall(client, message));
  const answers = await atOnce(80, (i) =>
    clients[i % 2]!.post(`/v1/tool-calls/${calls[i >> 1]!.id}/finish`, { status: 'success', result: i }),
  );
  await other.close();
  expect(statuses(answers)).toEqual({ 200: 40, 409: 40 });
  const entries = await chain();
  expect(entries.map(({ position }) => position)).toEqual(entries.map((_, i) => i + 1));
  expect(await verify()).toMatchObject({ valid: true, checked: 40, head: { position: 40 } });
});

test('K3: more than a page is verified; what is broken behind the first page is found', async () => {
  const calls = await atOnce(230, () => makeToolCall(client, message));
  await atOnce(230, (i) => finish(calls[i]!));
  expect(await verify()).toMatchObject({ valid: true, checked: 230 });
  const last = (await chain())[204]!;
  await tamper(`UPDATE app.tool_calls SET tool_name = 'x' WHERE id = $1`, [last.id]);
  expect(await verify()).toMatchObject({ valid: false, checked: 204, firstBroken: { position: 205 } });
});

test('K3: the app’s role can neither change nor remove an entry, nor chain a second at a position', async () => {
  const [call] = await finished(1);
  const asApp = (text: string) => sqlAsApp(database, owner, text);
  for (const column of ['digest', 'hash', 'position', 'message_id', 'created_at'])
    await expect(asApp(`UPDATE app.tool_call_chain SET ${column} = ${column}`)).rejects.toMatchObject(
      FORBIDDEN,
    );
  await expect(asApp('DELETE FROM app.tool_call_chain')).rejects.toMatchObject(FORBIDDEN);
  const copy = (id: string, position: string) =>
    asApp(`INSERT INTO app.tool_call_chain (owner_id, id, position, message_id, digest, hash)
      SELECT owner_id, ${id}, ${position}, message_id, digest, hash FROM app.tool_call_chain WHERE id = '${call!.id}'`);
  const [samePlace, sameCall] = ['tool_call_chain_position_key', 'tool_call_chain_pkey'];
  await expect(copy('gen_random_uuid()', '1')).rejects.toMatchObject({ constraint: samePlace });
  await expect(copy('id', '2')).rejects.toMatchObject({ constraint: sameCall });
});

test('K3: calls that were finished before there was a chain are chained when it is made', async () => {
  const old = await freshDatabase(`chain_${process.env.JEST_WORKER_ID}`);
  const before = await startApp(undefined, old.app);
  const owners = [newOwner(), newOwner()];
  for (const one of owners) {
    await begin(await clientOf(before, one));
    const calls = await atOnce(120, () => makeToolCall(client, message));
    await atOnce(119, (i) => finish(calls[i]!));
  }
  await before.close();
  const steps = migrations.length - migrations.findIndex(({ name }) => name.startsWith('ToolCallChain'));
  for (let i = 0; i < steps; i++) await revert(old.migration);
  await migrate(old.migration, old.app);
  const after = await startApp(undefined, old.app);
  for (const one of owners) {
    client = await clientOf(after, one);
    expect(await verify()).toMatchObject({ valid: true, checked: 119 });
  }
  await finished(1);
  expect(await verify()).toMatchObject({ valid: true, checked: 120 });
  await after.close();
});
