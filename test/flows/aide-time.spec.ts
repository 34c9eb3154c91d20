import fc from 'fast-check';
import type { AideEvent } from '../../src/aides/aide-event.entity.js';
import type { Aide } from '../../src/aides/aide.entity.js';
import { difference } from '../../src/aides/json-diff.js';
import { type Operation, patched } from '../../src/aides/json-patch.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { makeAide, makeEvent, readPages } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const stateAt = async (id: string, version?: number) => {
  const query = version === undefined ? '' : `?version=${version}`;
  return (await client.get<{ version: number; state: object }>(`/v1/aides/${id}/state${query}`)).body;
};
const rollBack = (id: string, version: number, expectedVersion: number) =>
  client.post<AideEvent>(`/v1/aides/${id}/rollback`, { version, expectedVersion });
const verify = async (id: string) => (await client.get(`/v1/aides/${id}/verify`)).body;

/** An aide of so many events; of version n the count is n. */
async function counted(versions: number): Promise<Aide> {
  const aide = await makeAide(client);
  for (let version = 1; version <= versions; version++) await makeEvent(client, aide, version);
  return aide;
}

test('A4: every version can be read, before, on and behind a snapshot, and the present one without a number', async () => {
  const { id } = await counted(205);
  for (const version of [1, 2, 99, 100, 101, 199, 200, 201, 205])
    expect(await stateAt(id, version)).toEqual({ version, state: { count: version } });
  expect(await stateAt(id, 0)).toEqual({ version: 0, state: {} });
  expect(await stateAt(id)).toEqual({ version: 205, state: { count: 205 } });
  expectProblem(await client.get(`/v1/aides/${id}/state?version=206`), 404, 'not_found');
  expect(await verify(id)).toEqual({ valid: true, stateVersion: 205 });
  const snapshots = `SELECT version FROM app.aide_events WHERE aide_id = $1 AND state IS NOT NULL ORDER BY 1`;
  expect(await sqlAsSuperuser(database, snapshots, [id])).toEqual([{ version: 100 }, { version: 200 }]);
});

test('A4: the events come by page in both directions, and each has its address and an ETag that never changes', async () => {
  const { id } = await counted(7);
  const path = `/v1/aides/${id}/events`;
  for (const [order, versions] of [
    ['asc', [1, 2, 3, 4, 5, 6, 7]],
    ['desc', [7, 6, 5, 4, 3, 2, 1]],
  ] as const) {
    const pages = await readPages<AideEvent>(client, `${path}?order=${order}&limit=3`);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ version }) => version)).toEqual(versions);
  }
  expect((await client.get(`${path}?total=true`)).body.total).toBe(7);
  const { headers, body } = await client.get<AideEvent>(`${path}/3`);
  expect([headers.get('etag'), body.version]).toEqual(['"3"', 3]);
  expect((await client.get(`${path}/3`, { 'if-none-match': '"3"' })).status).toBe(304);
  expect((await client.get(`/v1/aides/${id}/state?version=3`, { 'if-none-match': '"3"' })).status).toBe(304);
  expectProblem(await client.get(`${path}/8`), 404, 'not_found');
  expectProblem(await client.get(`${path}/0`), 400, 'invalid_request', '/version');
});

test('A4: the difference of two versions is a patch, forwards and backwards; by default that of the last event', async () => {
  const { id } = await makeAide(client, { state: { a: 1, list: [1, 2, 3] } });
  await makeEvent(client, { id }, 2, [
    { op: 'remove', path: '/a' },
    { op: 'add', path: '/list/0', value: 0 },
  ]);
  const diff = async (query = '') => (await client.get(`/v1/aides/${id}/diff${query}`)).body;
  const forwards = [
    { op: 'remove', path: '/a' },
    { op: 'add', path: '/list/0', value: 0 },
  ];
  expect(await diff()).toEqual({ from: 1, to: 2, operations: forwards });
  expect(await diff('?from=1&to=2')).toEqual(await diff());
  expect(await diff('?from=2&to=1')).toEqual({
    from: 2,
    to: 1,
    operations: [
      { op: 'add', path: '/a', value: 1 },
      { op: 'remove', path: '/list/0' },
    ],
  });
  expect(await diff('?from=2')).toEqual({ from: 2, to: 2, operations: [] });
  expectProblem(await client.get(`/v1/aides/${id}/diff?to=3`), 404, 'not_found');
});

test('A4: rolling back is a new event, with nothing to do in it where the state is the same already', async () => {
  const { id } = await counted(3);
  const answer = await rollBack(id, 1, 3);
  expect([answer.status, answer.headers.get('location')]).toEqual([201, `/v1/aides/${id}/events/4`]);
  expect(answer.body).toMatchObject({
    version: 4,
    type: 'rollback',
    operations: [{ op: 'replace', path: '/count', value: 1 }],
  });
  expect((await rollBack(id, 4, 4)).body).toMatchObject({ version: 5, operations: [] });
  expect((await rollBack(id, 0, 5)).body).toMatchObject({ version: 6 });
  expect(await stateAt(id)).toEqual({ version: 6, state: {} });
  expect(await stateAt(id, 3)).toEqual({ version: 3, state: { count: 3 } });
  expectProblem(await rollBack(id, 3, 5), 412, 'version_mismatch');
  expectProblem(await rollBack(id, 7, 6), 422, 'reference_not_found', '/version');
  expectProblem(
    await client.post(`/v1/aides/${id}/rollback`, { version: 1 }),
    400,
    'invalid_request',
    '/expectedVersion',
  );
  expect(await verify(id)).toEqual({ valid: true, stateVersion: 6 });
});

/** What a holder of the superuser's password could do to an aide of 205 events, and the version at which it shows. */
test.each<[string, string, number]>([
  [
    'a changed operation',
    `UPDATE app.aide_events SET operations = '[{"op": "add", "path": "/x", "value": 1}]' WHERE version = 150`,
    200,
  ],
  [
    'a patch that does not apply',
    `UPDATE app.aide_events SET operations = '[{"op": "remove", "path": "/x"}]' WHERE version = 7`,
    7,
  ],
  ['a changed snapshot', `UPDATE app.aide_events SET state = '{"count": 7}' WHERE version = 100`, 100],
  ['a missing event', `DELETE FROM app.aide_events WHERE version = 42`, 42],
  ['a missing last event', `DELETE FROM app.aide_events WHERE version = 205`, 205],
  ['a changed state', `UPDATE app.aides SET state = '{"count": 206}' WHERE true`, 205],
])('A4: verifying finds %s', async (_, tampering, firstBroken) => {
  const { id } = await counted(205);
  const [table] = /aide_events|aides/.exec(tampering)!;
  const key = table === 'aides' ? 'id' : 'aide_id';
  await sqlAsSuperuser(
    database,
    `ALTER TABLE app.${table} DISABLE TRIGGER USER; ${tampering} AND ${key} = '${id}'; ALTER TABLE app.${table} ENABLE TRIGGER USER`,
  );
  expect(await verify(id)).toEqual({ valid: false, stateVersion: 205, firstBroken });
});

const KEYS = fc.constantFrom('a', 'b', 'list', '0', 'x/y', '~', '', 'toString');
const VALUES = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, 0, -1.5, 1e21, '', 'ü😀'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(KEYS, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const STATES = fc.dictionary(KEYS, VALUES, { maxKeys: 4 });

test('A4: the difference of any two states makes the one of the other', () => {
  const makesTheOther = fc.property(STATES, STATES, (from, to) => {
    const plain = JSON.parse(JSON.stringify([from, to])) as [typeof from, typeof to];
    const operations = difference(...plain);
    expect(patched(structuredClone(plain[0]), operations)).toEqual(plain[1]);
    expect(difference(plain[1], plain[1])).toEqual([]);
  });
  fc.assert(makesTheOther, { seed: 1, numRuns: 2000 });
});

test('A4: the difference of large lists without anything in common takes no time to speak of', () => {
  const list = (sign: number) => ({ list: Array.from({ length: 50_000 }, (_, i) => sign * (i + 1)) });
  const start = performance.now();
  expect(patched(list(1), difference(list(1), list(-1)))).toEqual(list(-1));
  expect(performance.now() - start).toBeLessThan(5000);
});

const SEGMENTS = fc.array(fc.constantFrom('a', 'b', 'list', '0', '1', '-', '~1', 'toString'), {
  maxLength: 3,
});
const POINTERS = SEGMENTS.map((keys) => keys.map((key) => `/${key}`).join(''));
const OPERATION = fc.oneof<fc.Arbitrary<Operation>[]>(
  fc.record({ op: fc.constantFrom('add', 'add', 'replace'), path: POINTERS, value: VALUES }),
  fc.record({ op: fc.constant('remove'), path: POINTERS }),
  fc.record({ op: fc.constantFrom('move', 'copy'), from: POINTERS, path: POINTERS }),
);

test('A4: after any patches that apply, rolling back to any version gives the state of that version', async () => {
  const log = fc.array(fc.array(OPERATION, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 25 });
  const comesBack = fc.asyncProperty(STATES, log, fc.nat(), async (state, patches, seed) => {
    const pro = await clientOf(app, newOwner());
    const { id, stateVersion } = await makeAide(pro, { state });
    let version = stateVersion;
    const states = [{}, ...(stateVersion ? [(await stateOf(pro, id)).state] : [])];
    for (const operations of patches) {
      const event = { type: 'x', operations, expectedVersion: version };
      const { status } = await pro.post(`/v1/aides/${id}/events`, event);
      expect([201, 422]).toContain(status);
      if (status !== 201) continue;
      version++;
      states.push((await stateOf(pro, id)).state);
    }
    const target = seed % states.length;
    const back = await pro.post<AideEvent>(`/v1/aides/${id}/rollback`, {
      version: target,
      expectedVersion: version,
    });
    expect(back.status).toBe(201);
    expect(await stateOf(pro, id)).toEqual({ version: version + 1, state: states[target] });
    for (const [at, known] of states.entries())
      expect((await pro.get(`/v1/aides/${id}/state?version=${at}`)).body).toEqual({
        version: at,
        state: known,
      });
    expect((await pro.get(`/v1/aides/${id}/verify`)).body).toEqual({
      valid: true,
      stateVersion: version + 1,
    });
  });
  await fc.assert(comesBack, { seed: 1, numRuns: 25 });
}, 120_000);

const stateOf = async (of: ApiClient, id: string) =>
  (await of.get<{ version: number; state: object }>(`/v1/aides/${id}/state`)).body;
