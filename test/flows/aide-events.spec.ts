import type { AideEvent } from '../../src/aides/aide-event.entity.js';
import type { Aide } from '../../src/aides/aide.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, makeEvent, readPages } from '../support/factories.js';
import { rowsOf } from '../support/rows.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const eventsOf = (id: string) => `/v1/aides/${id}/events`;
const append = (id: string, operations: object[], more: object = {}, headers = {}) =>
  client.post<AideEvent>(eventsOf(id), { type: 'changed', operations, ...more }, headers);
const stateOf = async (id: string) => (await client.get<Aide>(`/v1/aides/${id}?include=state`)).body.state;

test('A3: an event, the state and both versions change together; the answer says where the event is', async () => {
  const aide = await makeAide(client, { state: { tone: 'friendly' } });
  const operations = [add('/tone', 'formal'), add('/tags', ['a']), add('/tags/-', 'b')];
  const answer = await append(aide.id, operations, { expectedVersion: 1 });
  expect(answer.status).toBe(201);
  const { id, createdAt, ...event } = answer.body;
  expect(event).toEqual({
    aideId: aide.id,
    version: 2,
    type: 'changed',
    operations,
    actor: 'owner',
    channel: 'web',
  });
  expect(answer.headers.get('etag')).toBe('"2"');
  expect(answer.headers.get('location')).toBe(`${eventsOf(aide.id)}/2`);
  expect((await client.get(answer.headers.get('location')!)).body).toEqual({ id, createdAt, ...event });
  const { body } = await client.get<Aide>(`/v1/aides/${aide.id}?include=state`);
  expect(body).toMatchObject({ state: { tone: 'formal', tags: ['a', 'b'] }, stateVersion: 2, version: 2 });
});

test('A3: an aide created with a state begins with an event, one without begins with none', async () => {
  const state = { tone: 'friendly' };
  const [full, empty] = [await makeAide(client, { state }), await makeAide(client, { state: {} })];
  expect((await readPages<AideEvent>(client, eventsOf(full.id))).flat()).toMatchObject([
    { version: 1, type: 'created', operations: [add('', state)], actor: 'owner', channel: 'web' },
  ]);
  expect(await readPages(client, eventsOf(empty.id))).toEqual([[]]);
  expect(empty.stateVersion).toBe(0);
  expect((await append(empty.id, [add('/a', 1)], { expectedVersion: 0 })).body.version).toBe(1);
});

test('A3: a stale version is 412 and writes nothing, by number, by ETag and by both', async () => {
  const { id } = await makeAide(client, { state: { a: 1 } });
  await client.patch(`/v1/aides/${id}`, { title: 'Two' }); // ETag "2", still one event
  const before = await rowsOf(database, owner);
  const change = [add('/a', 2)];
  for (const [expectedVersion, etag] of [
    [0, undefined],
    [2, undefined],
    [undefined, '"1"'],
    [undefined, 'W/"2"'],
    [1, '"1"'],
    [0, '"2"'],
  ] as const)
    expectProblem(
      await append(id, change, { expectedVersion }, etag ? { 'if-match': etag } : {}),
      412,
      'version_mismatch',
    );
  for (const headers of [{}, { 'if-match': '*' }])
    expectProblem(await append(id, change, {}, headers), 400, 'invalid_request', '/expectedVersion');
  expect(await rowsOf(database, owner)).toEqual(before);
  expect((await append(id, change, {}, { 'if-match': '"2"' })).status).toBe(201);
  expect((await append(id, change, { expectedVersion: 2 }, { 'if-match': '"3"' })).status).toBe(201);
});

const STATE = { list: [1, 2, 3], text: 'x', deep: { a: { b: null } }, zero: 0 };

test.each<[string, object[], number]>([
  ['remove of what is not there', [{ op: 'remove', path: '/none' }], 0],
  ['replace of what is not there', [add('/a', 1), { op: 'replace', path: '/b', value: 1 }], 1],
  ['a failing test', [add('/a', 1), { op: 'test', path: '/text', value: 'y' }, add('/b', 1)], 1],
  ['a test of nothing', [{ op: 'test', path: '/none', value: null }], 0],
  ['an index beyond the end', [add('/list/4', 1)], 0],
  ['an index with a zero before it', [add('/list/01', 1)], 0],
  ['the length of a list', [{ op: 'replace', path: '/list/length', value: 0 }], 0],
  ['a member of a text', [add('/text/a', 1)], 0],
  ['an inherited member', [add('/toString/evil', 1)], 0],
  ['a copy of an inherited member', [{ op: 'copy', from: '/toString', path: '/a' }], 0],
  ['a move into itself', [{ op: 'move', from: '/deep', path: '/deep/a/c' }], 0],
  ['a move from nowhere', [{ op: 'move', from: '/none', path: '/a' }], 0],
  [
    'copies that double',
    Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/copy${i}` })),
    13,
  ],
])('A3: %s is 422, names the operation, and writes nothing', async (_, operations, failing) => {
  const { id } = await makeAide(client, { state: STATE });
  const before = await rowsOf(database, owner);
  const answer = await append(id, operations, { expectedVersion: 1 });
  expectProblem(answer, 422, 'patch_failed');
  expect((answer.body as { errors?: object[] }).errors).toMatchObject([
    { pointer: `/operations/${failing}` },
  ]);
  expect(await rowsOf(database, owner)).toEqual(before);
  expect(
    ({} as Record<string, unknown>).evil ?? (Object.prototype.toString as { evil?: 1 }).evil,
  ).toBeUndefined();
});

test.each<[string, object[], object]>([
  [
    'a move within a list counts indexes without it',
    [{ op: 'move', from: '/list/0', path: '/list/2' }],
    { list: [2, 3, 1] },
  ],
  [
    'a copy is another thing',
    [{ op: 'copy', from: '/deep', path: '/e' }, add('/e/a/b', 1)],
    { e: { a: { b: 1 } }, deep: STATE.deep },
  ],
  ['-0 is 0', [{ op: 'test', path: '/zero', value: -0 }, add('/n', -0)], { n: 0 }],
  ['keys with / and ~', [add('/a~1b', 1), add('/c~0d', 2), add('/', 3)], { 'a/b': 1, 'c~d': 2, '': 3 }],
  [
    'an inherited name as a key',
    [add('/toString', 1), { op: 'test', path: '/toString', value: 1 }],
    { toString: 1 },
  ],
  [
    'null is a value',
    [
      { op: 'test', path: '/deep/a/b', value: null },
      { op: 'move', from: '/deep/a/b', path: '/n' },
    ],
    { n: null, deep: { a: {} } },
  ],
])('A3: %s', async (_, operations, expected) => {
  const { id } = await makeAide(client, { state: STATE });
  expect((await append(id, operations, { expectedVersion: 1 })).status).toBe(201);
  expect(await stateOf(id)).toMatchObject(expected);
  expect((await client.get(`/v1/aides/${id}/verify`)).body).toEqual({ valid: true, stateVersion: 2 });
});

test('A3: the whole state is replaced, by an object and by nothing else', async () => {
  const { id } = await makeAide(client, { state: STATE });
  for (const value of [null, [], 1, 'x'])
    expectProblem(
      await append(id, [{ op: 'replace', path: '', value }], { expectedVersion: 1 }),
      422,
      'patch_failed',
      '/operations',
    );
  expectProblem(
    await append(id, [{ op: 'remove', path: '' }], { expectedVersion: 1 }),
    422,
    'patch_failed',
    '/operations',
  );
  expect((await append(id, [add('', { new: true })], { expectedVersion: 1 })).status).toBe(201);
  expect(await stateOf(id)).toEqual({ new: true });
});

test('A3: a state of 1 MiB is the most, with its numbers written out, and so are 32 levels and 256 KiB of event', async () => {
  const { id } = await makeAide(client);
  const quarter = 'x'.repeat(256 * 1024 - 200);
  for (const version of [1, 2, 3, 4]) await makeEvent(client, { id }, version, [add(`/${version}`, quarter)]);
  const now = (operations: object[], expectedVersion = 4) => append(id, operations, { expectedVersion });
  expectProblem(await now([add('/5', 'x'.repeat(1000))]), 422, 'patch_failed', '/operations');
  expectProblem(await now([add('/5', 'x'.repeat(256 * 1024))]), 413, 'too_large');
  await makeEvent(client, { id }, 5, [add('', {})]);
  const huge = (count: number) => Array.from({ length: count }, () => 1e300); // 301 digits each
  const fields = (count: number) => Array.from({ length: count }, (_, i) => add(`/${i}`, huge(800)));
  expectProblem(await now([add('/n', huge(900))], 5), 400, 'invalid_request', '/operations/0/value');
  expectProblem(await now(fields(5), 5), 422, 'patch_failed', '/operations');
  const state = { huge: huge(900) };
  expectProblem(await client.post('/v1/aides', { title: 'x', state }), 400, 'invalid_request', '/state');
  await makeEvent(client, { id }, 6, fields(4));

  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  const deep = '/a'.repeat(16);
  await makeEvent(client, { id }, 7, [add('', nested(16)), add(deep, nested(16))]);
  const deeper = await now([add('', nested(17)), add(`${deep}/a`, nested(16))], 7);
  expectProblem(deeper, 422, 'patch_failed', '/operations');
});

test.each<[string, object, string]>([
  ['a pointer without a slash', { op: 'add', path: 'a', value: 1 }, '/operations/0/path'],
  ['a broken escape', { op: 'add', path: '/a~2', value: 1 }, '/operations/0/path'],
  ['a key that reaches prototypes', { op: 'add', path: '/__proto__/x', value: 1 }, '/operations/0/path'],
  ['one in from', { op: 'copy', from: '/constructor', path: '/x' }, '/operations/0/from'],
  ['no value', { op: 'add', path: '/a' }, '/operations/0/value'],
  ['no from', { op: 'move', path: '/a' }, '/operations/0/from'],
  ['another operation', { op: 'increment', path: '/a', value: 1 }, '/operations/0/op'],
])('A3: an operation with %s is 400', async (_, operation, pointer) => {
  const { id } = await makeAide(client);
  expectProblem(await append(id, [operation], { expectedVersion: 0 }), 400, 'invalid_request', pointer);
});

test('A3: the types that the service writes are its own, and an archived aide takes no events', async () => {
  const { id } = await makeAide(client);
  for (const type of ['created', 'rollback'])
    expectProblem(
      await append(id, [add('/a', 1)], { expectedVersion: 0, type }),
      400,
      'invalid_request',
      '/type',
    );
  await client.post(`/v1/aides/${id}/archive`);
  expectProblem(await append(id, [add('/a', 1)], { expectedVersion: 0 }), 409, 'invalid_state');
  const rollback = await client.post(`/v1/aides/${id}/rollback`, { version: 0, expectedVersion: 0 });
  expectProblem(rollback, 409, 'invalid_state');
  expect((await client.get(eventsOf(id))).status).toBe(200);
});

test('A3: two writers who try again until they have appended leave a log without a gap that makes the state', async () => {
  const { id } = await makeAide(client, { state: { count: 0 } });
  const TIMES = 60;
  const refused = await atOnce(2, async (writer) => {
    let stale = 0;
    for (let done = 0; done < TIMES;) {
      const { stateVersion, state } = (await client.get<Aide>(`/v1/aides/${id}?include=state`)).body;
      const count = (state as { count: number }).count + 1;
      const change = [
        { op: 'test', path: '/count', value: count - 1 },
        add('/count', count),
        add(`/by${writer}`, done),
      ];
      const { status } = await append(id, change, { expectedVersion: stateVersion });
      expect([201, 412]).toContain(status);
      if (status === 201) done++;
      else stale++;
    }
    return stale;
  });
  expect(refused[0]! + refused[1]!).toBeGreaterThan(0);
  const versions = (await readPages<AideEvent>(client, eventsOf(id))).flat().map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: 2 * TIMES + 1 }, (_, i) => i + 1));
  expect((await client.get(`/v1/aides/${id}/verify`)).body).toEqual({
    valid: true,
    stateVersion: 2 * TIMES + 1,
  });
  expect(await stateOf(id)).toMatchObject({ count: 2 * TIMES });
});

test('A3: of 20 events that expect one version exactly one is appended', async () => {
  const { id } = await makeAide(client);
  const answers = await atOnce(20, (i) => append(id, [add('/winner', i)], { expectedVersion: 0 }));
  expect(statuses(answers)).toEqual({ 201: 1, 412: 19 });
});

test('A3: a retry under its key appends once, also while it is being done', async () => {
  const { id } = await makeAide(client);
  const key = { 'idempotency-key': 'once' };
  const answers = await atOnce(5, () => append(id, [add('/a', 1)], { expectedVersion: 0 }, key));
  expect(statuses(answers)).toEqual({ 201: 5 });
  expect(new Set(answers.map(({ text, headers }) => text + headers.get('location'))).size).toBe(1);
  expect((await client.get<Aide>(`/v1/aides/${id}`)).body.stateVersion).toBe(1);
});

test('A3: no role changes or removes an event; it goes with its aide', async () => {
  const { id } = await makeAide(client, { state: { a: 1 } });
  for (const statement of [`UPDATE app.aide_events SET type = 'x'`, `DELETE FROM app.aide_events`])
    await expect(sqlAsApp(database, owner, statement)).rejects.toMatchObject(FORBIDDEN);
  for (const statement of [
    `UPDATE app.aide_events SET type = 'x' WHERE aide_id = '${id}'`,
    `DELETE FROM app.aide_events WHERE aide_id = '${id}'`,
    `TRUNCATE app.aide_events`,
  ])
    await expect(sqlAsSuperuser(database, statement)).rejects.toMatchObject({
      constraint: 'aide_events_immutable',
    });
  const count = () => sqlAsSuperuser(database, `SELECT FROM app.aide_events WHERE aide_id = '${id}'`);
  expect(await count()).toHaveLength(1);
  expect((await client.delete(`/v1/aides/${id}`)).status).toBe(204);
  expect(await count()).toHaveLength(0);
});
