import { Lookups } from '../../src/database/lookups.js';
import { RateLimiter } from '../../src/http/rate-limiter.js';
import {
  type Answer,
  ApiClient,
  clientOf,
  newOwner,
  originOf,
  startApp,
  testConfig,
} from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

type App = Awaited<ReturnType<typeof startApp>>;

const OWNER = 40;
const ANONYMOUS = 20;
const LIMITS = { RATE_LIMIT: String(OWNER), RATE_LIMIT_ANONYMOUS: String(ANONYMOUS) };
const LEASE = OWNER / 10;
const name = `limits_${process.env.JEST_WORKER_ID}`;

let database: TestDatabase;
let app: App;
let twin: App;
let proxied: App;

beforeAll(async () => {
  database = await freshDatabase(name); // the tests below look at, change and hide what all owners share
  const behindProxy = testConfig({ ...LIMITS, TRUST_PROXY: '127.0.0.0/8' });
  [app, twin, proxied] = await Promise.all([
    startApp(testConfig(LIMITS), database.app),
    startApp(testConfig(LIMITS), database.app),
    startApp(behindProxy, database.app),
  ]);
});
afterAll(() => Promise.all([app, twin, proxied].map((one) => one.close())));

const sql = <Row extends object>(text: string) => sqlAsSuperuser<Row>(database, text);
const times = <T>(count: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));

let addresses = 0;
/** A client without a token at an address that no other test uses, as a proxy reports it. */
function atAddress(address = `203.0.113.${++addresses}`) {
  const client = new ApiClient(originOf(proxied));
  return (path = '/v1/public/aides/no-such-slug', authorization?: string) =>
    client.get(path, { 'x-forwarded-for': address, ...(authorization && { authorization }) });
}

/** `r` and `t` of an answer, whose headers must name the limit. */
function limitOf(
  { headers }: Answer<unknown>,
  limit: string,
  quota: number,
): { left: number; seconds: number } {
  expect(headers.get('ratelimit-policy')).toBe(`"${limit}";q=${quota};w=60`);
  const [, left, seconds] = new RegExp(`^"${limit}";r=(\\d+);t=(\\d+)$`).exec(headers.get('ratelimit')!)!;
  return { left: Number(left), seconds: Number(seconds) };
}

function expectRefused(answer: Answer<unknown>, limit: string, quota: number): void {
  expectProblem(answer, 429, 'rate_limited');
  const { left, seconds } = limitOf(answer, limit, quota);
  expect(left).toBe(0);
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(answer.headers.get('retry-after')).toBe(String(seconds));
}

test('R1: a refusal is slower than an answer, so that a flood is no faster than its connections', async () => {
  const ask = atAddress();
  await times(ANONYMOUS * 2, () => ask());
  const order: number[] = [];
  const note = ({ status }: { status: number }) => order.push(status);
  const answers = async () => {
    for (let i = 0; i < 5; i++) note(await fetch(`${originOf(proxied)}/livez`));
  };
  await Promise.all([ask().then(note), answers()]);
  expect(order).toEqual([200, 200, 200, 200, 200, 429]);
});

test('R1: an owner is told what is left, and refused when nothing is, before the body is read; others are not', async () => {
  const client = await clientOf(app, newOwner());
  for (let left = OWNER - 1; left >= 0; left--) {
    const answer = await client.get('/v1/tasks');
    expect([answer.status, limitOf(answer, 'owner', OWNER).left]).toEqual([200, left]);
    expect(limitOf(answer, 'owner', OWNER).seconds).toBeLessThanOrEqual(60);
  }
  expectRefused(await client.get('/v1/tasks'), 'owner', OWNER);
  expectRefused(await client.post('/v1/tasks', '{ no JSON'), 'owner', OWNER);
  expectRefused(await client.get('/v1/nothing'), 'owner', OWNER);
  expect((await (await clientOf(app, newOwner())).get('/v1/tasks')).status).toBe(200);
});

test('R1: all that the limit allows is admitted at once too', async () => {
  const client = await clientOf(app, newOwner());
  const answers = await times(2 * OWNER, () => client.get('/v1/tasks'));
  expect(statuses(answers)).toEqual({ 200: OWNER, 429: OWNER });
});

test('R1: instances keep the limit together, within a lease of each', async () => {
  const owner = newOwner();
  const [one, two] = [await clientOf(app, owner), await clientOf(twin, owner)];
  const answers = await times(4 * OWNER, (i) => (i % 2 ? one : two).get('/v1/tasks'));
  const { 200: admitted = 0, ...others } = statuses(answers);
  expect(Object.keys(others)).toEqual(['429']);
  expect(admitted).toBeGreaterThanOrEqual(OWNER);
  expect(admitted).toBeLessThanOrEqual(OWNER + 2 * LEASE);

  const third = await clientOf(proxied, owner);
  const late = await times(OWNER, () => third.get('/v1/tasks'));
  expect(statuses(late)[200]).toBeLessThanOrEqual(LEASE);
});

test('R1: whoever sends little costs the store nothing', async () => {
  await sql('TRUNCATE app.rate_limits');
  const owner = newOwner();
  const client = await clientOf(app, owner);
  for (let i = 0; i < LEASE / 2 - 1; i++) await client.get('/v1/tasks');
  expect(await sql('SELECT FROM app.rate_limits')).toEqual([]);
});

test('R1: when the window ends all is there again', async () => {
  const client = await clientOf(app, newOwner());
  await sql('TRUNCATE app.rate_limits');
  for (let i = 0; i < LEASE; i++) await client.get('/v1/tasks');
  const [row] = await sql(
    `UPDATE app.rate_limits SET resets_at = now() + interval '2 seconds' RETURNING used`,
  );
  expect(row).toBeDefined();
  await times(OWNER, () => client.get('/v1/tasks'));
  const refused = await client.get('/v1/tasks');
  expectRefused(refused, 'owner', OWNER);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(2);
  let answer = refused;
  while (answer.status === 429) answer = await client.get('/v1/tasks');
  expect([answer.status, limitOf(answer, 'owner', OWNER).left]).toEqual([200, OWNER - 1]);
  const others = await times(2 * OWNER, () => client.get('/v1/tasks'));
  expect(statuses(others)).toEqual({ 200: OWNER - 1, 429: OWNER + 1 });
});

test('R2: failed authentications of an address are limited; a valid token from there is not', async () => {
  const send = atAddress();
  for (let left = ANONYMOUS - 1; left >= 0; left--) {
    const answer = await send('/v1/tasks', left % 2 ? 'Bearer a.b.c' : undefined);
    expectProblem(answer, 401, 'unauthenticated');
    expect(limitOf(answer, 'anonymous', ANONYMOUS).left).toBe(left);
  }
  expectRefused(await send('/v1/tasks'), 'anonymous', ANONYMOUS);
  expectRefused(await send('/v1/nothing'), 'anonymous', ANONYMOUS);
  expectRefused(await send(), 'anonymous', ANONYMOUS);
  const address = { 'x-forwarded-for': `203.0.113.${addresses}` };
  const valid = await (await clientOf(proxied, newOwner())).get('/v1/tasks', address);
  expect([valid.status, limitOf(valid, 'owner', OWNER).left]).toEqual([200, OWNER - 1]);
  expectProblem(await atAddress()('/v1/tasks'), 401, 'unauthenticated');
});

test('R2: public routes are limited by address, all methods of them', async () => {
  const send = atAddress();
  expect(statuses(await times(2 * ANONYMOUS, () => send()))).toEqual({ 404: ANONYMOUS, 429: ANONYMOUS });
  expectRefused(await send(), 'anonymous', ANONYMOUS);
  const headers = { 'x-forwarded-for': `203.0.113.${addresses}` };
  const posted = await new ApiClient(originOf(proxied)).post('/v1/public/aides/no-such-slug', {}, headers);
  expectRefused(posted, 'anonymous', ANONYMOUS);
  expect((await atAddress()()).status).toBe(404);
});

test('R2: health and documentation are never limited', async () => {
  const send = atAddress();
  for (let i = 0; i <= ANONYMOUS; i++) await send();
  expect((await send()).status).toBe(429);
  for (const path of ['/livez', '/readyz', '/openapi.json', '/docs'])
    for (const answer of await times(2 * ANONYMOUS, () => send(path))) {
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.has('ratelimit')).toBe(false);
    }
});

test.each([
  ['the /64 network of an IPv6 address', '2001:db8::1', '2001:0DB8:0:0:ffff::2', '2001:db8:0:1::1'],
  ['an IPv4 address in IPv6', '198.51.100.7', '::ffff:198.51.100.7', '::ffff:198.51.100.8'],
  ['an IPv4 address in hexadecimal', '198.51.100.9', '0:0:0:0:0:ffff:c633:6409', '198.51.100.10'],
  ['whatever is no address', 'unknown', '198.51.100.11:4711', '198.51.100.11'],
])('R2: %s is one address', async (_, some, same, other) => {
  const [first, second, third] = [some, same, other].map((address) => atAddress(address));
  for (let i = 0; i < ANONYMOUS; i++) expect((await (i % 2 ? first! : second!)()).status).toBe(404);
  expect([(await first!()).status, (await second!()).status]).toEqual([429, 429]);
  expect((await third!()).status).toBe(404);
});

test('R2: X-Forwarded-For is believed from a trusted proxy alone, and no further than it reaches', async () => {
  await sql('TRUNCATE app.rate_limits');
  const direct = new ApiClient(originOf(twin));
  const path = '/v1/public/aides/no-such-slug';
  const answers = await times(2 * ANONYMOUS, (i) => direct.get(path, { 'x-forwarded-for': `192.0.2.${i}` }));
  expect(statuses(answers)).toEqual({ 404: ANONYMOUS, 429: ANONYMOUS });

  const claimed = await times(2 * ANONYMOUS, (i) => atAddress(`192.0.2.${i}, 198.51.100.20`)());
  expect(statuses(claimed)).toEqual({ 404: ANONYMOUS, 429: ANONYMOUS });
});

test('R1: without the store each instance counts on its own, and tells it when it is back', async () => {
  const owner = newOwner();
  const client = await clientOf(app, owner);
  await sql('TRUNCATE app.rate_limits');
  await sql('REVOKE EXECUTE ON FUNCTION app.take_lease(bytea, integer, integer) FROM assistant_app');
  try {
    for (let i = 0; i < OWNER / 2; i++) expect((await client.get('/v1/tasks')).status).toBe(200);
  } finally {
    await sql('GRANT EXECUTE ON FUNCTION app.take_lease(bytea, integer, integer) TO assistant_app');
  }
  const rest = await times(OWNER, () => client.get('/v1/tasks'));
  expect(statuses(rest)).toEqual({ 200: OWNER / 2, 429: OWNER / 2 });
  const late = await times(OWNER, async () => (await clientOf(twin, owner)).get('/v1/tasks'));
  expect(statuses(late)[200]).toBeLessThanOrEqual(LEASE);
});

test('R1: without the database requests are answered 503, and limited all the same', async () => {
  const client = await clientOf(app, newOwner());
  const inServer = (text: string) =>
    sqlAsSuperuser({ ...database, superuser: process.env.TEST_SERVER_URL! }, text);
  const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
  await inServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`); // who listens comes back at once
  await inServer(cut);
  await inServer(`ALTER DATABASE ${name} RENAME TO ${name}_gone`);
  try {
    const answers: Answer<unknown>[] = [];
    for (let i = 0; i < OWNER + 5; i++) answers.push(await client.get('/v1/tasks'));
    expect(statuses(answers)).toEqual({ 503: OWNER, 429: 5 });
  } finally {
    await inServer(`ALTER DATABASE ${name}_gone RENAME TO ${name}`);
    await inServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  }
});

test('R1: the store is the function alone, and holds no owner and no address', async () => {
  const owner = newOwner();
  const client = await clientOf(app, owner);
  await times(LEASE, () => client.get('/v1/tasks'));
  const send = atAddress();
  await times(ANONYMOUS, () => send());
  const rows = await sql<{ subject: Buffer }>('SELECT subject FROM app.rate_limits');
  expect(rows.length).toBeGreaterThan(1);
  for (const { subject } of rows) expect(subject).toHaveLength(32);
  expect(rows.map(({ subject }) => subject.toString('latin1')).join()).not.toMatch(/owner|203\.0\.113/);
  await expect(sqlAsApp(database, owner, 'SELECT FROM app.rate_limits')).rejects.toMatchObject(FORBIDDEN);
  await expect(sqlAsApp(database, owner, 'DELETE FROM app.rate_limits')).rejects.toMatchObject(FORBIDDEN);
});

test('R1: what has ended is removed now and then', async () => {
  await sql(`INSERT INTO app.rate_limits SELECT sha256(n::text::bytea), 1, now() - interval '1 second'
    FROM generate_series(1, 100) n`);
  const ended = 'SELECT FROM app.rate_limits WHERE resets_at <= now()';
  for (let calls = 0; (await sql(ended)).length > 0; calls++) {
    await sql(`SELECT app.take_lease('living', 10, 1) FROM generate_series(1, 100)`);
    expect(calls).toBeLessThan(50);
  }
  expect(await sql(`SELECT FROM app.rate_limits WHERE subject = 'living'`)).toHaveLength(1);
});

test('R1: a subject that a full memory has forgotten gains a lease at most', async () => {
  const limiter = new RateLimiter(OWNER, (subject, wanted) =>
    app.get(Lookups).takeLease(Buffer.from(`memory ${subject}`), OWNER, wanted),
  );
  const admitted = (subject: string) => new Promise<boolean>((resolve) => limiter.count(subject, resolve));
  const count = async (subject: string, requests: number) =>
    (await times(requests, () => admitted(subject))).filter(Boolean).length;
  expect(await count('first', 2 * OWNER)).toBe(OWNER);
  await times(9999, (i) => admitted(`other ${i}`));
  expect(await count('first', OWNER)).toBe(0);
  await times(10_000, (i) => admitted(`another ${i}`));
  const again = await count('first', OWNER);
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThanOrEqual(LEASE);
});
