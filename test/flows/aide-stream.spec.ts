import { mintToken } from '../../src/auth/mint-token.js';
import { PoolStatus } from '../../src/database/pool-status.js';
import { type ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { EventSource, type Frame } from '../support/event-source.js';
import { expectProblem } from '../support/expectations.js';
import { atOnce, makeAide, makeEvent } from '../support/factories.js';
import { claims, forge, inSeconds } from '../support/tokens.js';

type App = Awaited<ReturnType<typeof startApp>>;

let apps: App[];
let database: TestDatabase;
let owner: string;
let token: string;
let client: ApiClient;
let open: EventSource[];

beforeAll(async () => {
  database = await workerDatabase();
  apps = [await startApp(), await startApp()];
});
beforeEach(async () => {
  owner = newOwner();
  token = await mintToken(testConfig(), owner, 1);
  client = await clientOf(apps[0]!, owner);
  open = [];
});
afterEach(() => open.forEach((source) => source.close()));
afterAll(() => Promise.all(apps.map((app) => app.close())));

interface Options {
  app?: App;
  headers?: Record<string, string>;
  as?: string;
}

async function follow(id: string, query = '', { app = apps[0]!, headers, as = token }: Options = {}) {
  const source = await EventSource.open(`${originOf(app)}/v1/aides/${id}/events/stream${query}`, as, headers);
  open.push(source);
  return source;
}

const versions = (frames: Frame[]) => frames.map(({ id }) => id);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('A3: an event comes to those who follow its aide, on every instance, as the log has it', async () => {
  const aide = await makeAide(client, { state: { a: 1 } });
  const sources = [await follow(aide.id), await follow(aide.id, '', { app: apps[1] })];
  const event = await makeEvent(client, aide, 2);
  for (const source of sources) {
    expect(source.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(source.headers.get('cache-control')).toBe('no-store');
    expect(source.headers.get('x-request-id')).toBeTruthy();
    expect(source.headers.get('ratelimit')).toMatch(/^"owner"/);
    expect(await source.take(1)).toEqual([{ id: 2, event: 'aide-event', data: event }]);
  }
});

test('A3: an event wakes the streams of all instances: by looking alone, one after the other takes an hour', async () => {
  const aide = await makeAide(client);
  const sources = [await follow(aide.id), await follow(aide.id, '', { app: apps[1] })];
  for (let version = 1; version <= 12; version++) {
    await makeEvent(client, aide, version);
    for (const source of sources) expect(versions(await source.take(1))).toEqual([version]);
  }
});

test('A3: a stream begins behind ?after= and, before it, Last-Event-ID; what is none of them is 400', async () => {
  const aide = await makeAide(client);
  for (let version = 1; version <= 30; version++) await makeEvent(client, aide, version);
  expect(versions(await (await follow(aide.id, '?after=0')).take(30))).toEqual(upTo(30));
  expect(versions(await (await follow(aide.id, '?after=28')).take(2))).toEqual([29, 30]);
  const headers = { 'last-event-id': '29' };
  expect(versions(await (await follow(aide.id, '?after=0', { headers })).take(1))).toEqual([30]);
  const path = `/v1/aides/${aide.id}/events/stream`;
  expectProblem(await client.get(path, { 'last-event-id': 'x' }), 400, 'invalid_request', '/Last-Event-ID');
});

test('A3: who reconnects wherever the stream was cut sees every event once, while others append', async () => {
  const aide = await makeAide(client);
  const writing = (async () => {
    for (let version = 1; version <= 60; version++) await makeEvent(client, aide, version);
  })();
  const seen: number[] = [];
  for (let i = 0; seen.length < 60; i++) {
    const headers = { 'last-event-id': String(seen.at(-1) ?? 0) };
    const source = await follow(aide.id, '', { app: apps[i % 2], headers });
    seen.push(...versions(await source.take(Math.min(7, 60 - seen.length))));
    source.close();
  }
  await writing;
  expect(seen).toEqual(upTo(60));
});

const LISTENERS = `FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'assistant-backend notifications'`;

/** An event of which nobody is told. */
const appendSilently = (id: string, version: number) =>
  sqlAsSuperuser(
    database,
    `WITH e AS (UPDATE app.aides SET state = '{"a": 1}', state_version = ${version} WHERE id = '${id}' RETURNING owner_id, id)
     INSERT INTO app.aide_events (owner_id, id, aide_id, version, type, operations, actor, channel)
     SELECT owner_id, gen_random_uuid(), id, ${version}, 'silent', '[{"op": "add", "path": "/a", "value": 1}]', 'owner', 'web' FROM e`,
  );

test('A3: what the listener had not heard when it was cut off is found all the same', async () => {
  const aide = await makeAide(client);
  const source = await follow(aide.id);
  await makeEvent(client, aide, 1);
  await source.take(1);
  await appendSilently(aide.id, 2);
  await sqlAsSuperuser(database, `SELECT pg_terminate_backend(pid) ${LISTENERS}`);
  expect(versions(await source.take(1))).toEqual([2]);
  await makeEvent(client, aide, 3);
  expect(versions(await source.take(1))).toEqual([3]);
});

test('A3: streams end when their aide is deleted and when the token expires', async () => {
  const aide = await makeAide(client);
  const source = await follow(aide.id);
  const brief = forge({ payload: claims({ sub: owner, iat: inSeconds(-60), exp: inSeconds(-28) }) });
  const expiring = await follow(aide.id, '', { as: brief }); // refused from two seconds on: 30 are given to clocks
  await expiring.ended();
  expect((await client.delete(`/v1/aides/${aide.id}`)).status).toBe(204);
  await source.ended();
  expectProblem(await client.get(`/v1/aides/${aide.id}/events/stream`), 404, 'not_found');
});

test('A3: an instance that stops ends its streams at once, and who reconnects elsewhere misses nothing', async () => {
  const aide = await makeAide(client);
  const third = await startApp();
  const source = await follow(aide.id, '', { app: third });
  await makeEvent(client, aide, 1);
  expect(versions(await source.take(1))).toEqual([1]);
  const start = performance.now();
  const [rest] = await Promise.all([source.ended(), third.close()]);
  expect([rest, performance.now() - start < 4000]).toEqual(['', true]); // 5 seconds are the deadline of others
  await makeEvent(client, aide, 2);
  const again = await follow(aide.id, '', { headers: { 'last-event-id': '1' } });
  expect(versions(await again.take(1))).toEqual([2]);
});

test('A3: an owner has 20 streams on an instance; one that is hung up on makes room', async () => {
  const aide = await makeAide(client);
  const sources = await atOnce(20, () => follow(aide.id));
  const path = `/v1/aides/${aide.id}/events/stream`;
  const refused = await client.get(path);
  expectProblem(refused, 429, 'rate_limited');
  expect(refused.headers.get('retry-after')).toBe('1');
  const other = await clientOf(apps[0]!, newOwner());
  expect((await other.get(`/v1/aides/${(await makeAide(other)).id}/events/stream`)).status).toBe(200);
  sources[0]!.close();
  let status = 429;
  while (status === 429) status = (await client.get(path)).status;
  expect(status).toBe(200);
});

test('A3: while they wait, streams hold no connection to the database', async () => {
  const aide = await makeAide(client);
  const sources = await atOnce(20, () => follow(aide.id));
  const pool = apps[0]!.get(PoolStatus);
  while (pool.idle < pool.total || pool.waiting > 0) await new Promise(setImmediate);
  await makeEvent(client, aide, 1);
  for (const source of sources) expect(versions(await source.take(1))).toEqual([1]);
  expect(pool.total).toBeLessThanOrEqual(10);
});

test('A3: HEAD of a stream answers its headers and leaves nothing behind', async () => {
  const aide = await makeAide(client);
  const path = `/v1/aides/${aide.id}/events/stream`;
  for (let i = 0; i < 25; i++) expect((await client.send('HEAD', path)).status).toBe(200); // more than there may be
});
