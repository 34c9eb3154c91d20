import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { dirtyReleases } from '../../src/database/data-source.js';
import { type ApiClient, clientOf, newOwner, startApp, testConfig } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { atOnce, makeConversation } from '../support/factories.js';
import { expectUnavailable, recovers } from '../support/load.js';

const name = `limits_${process.env.JEST_WORKER_ID}`;
let database: TestDatabase;
let app: NestFastifyApplication;
let owner: string;
let client: ApiClient;
let other: ApiClient;

beforeEach(async () => {
  database = await freshDatabase(name);
});
afterEach(async () => {
  await app.close();
  expect(dirtyReleases.count).toBe(0);
});

const sql = <Row extends object>(text: string) => sqlAsSuperuser<Row>(database, text);

/** Starts the service with two connections, whose limits in this database may be others than in docs/roles.sql. */
async function serve(limits: Record<string, string> = {}): Promise<void> {
  for (const [limit, value] of Object.entries(limits))
    await sql(`ALTER ROLE assistant_login IN DATABASE ${name} SET ${limit} = '${value}'`);
  app = await startApp(testConfig({ DATABASE_POOL_SIZE: '2' }), database.app);
  owner = newOwner();
  [client, other] = [await clientOf(app, owner), await clientOf(app, newOwner())];
  for (const each of [client, other]) await each.get('/v1/me');
}

/** Makes each row that the event happens to take so many seconds. */
const slowDown = (table: string, event: string, seconds: number) =>
  sql(`CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(${seconds}); RETURN coalesce(NEW, OLD); END $$;
  CREATE TRIGGER slow BEFORE ${event} ON app.${table} FOR EACH ROW EXECUTE FUNCTION public.slow()`);

async function sleeping(count: number): Promise<void> {
  const asleep = `SELECT FROM pg_stat_activity WHERE datname = '${name}' AND wait_event = 'PgSleep'`;
  while ((await sql(asleep)).length < count);
}

test('U4: while every connection is in use, those who wait get a 503 in time; then all are served', async () => {
  await serve();
  await slowDown('users', 'DELETE', 60);
  const long = [await clientOf(app, newOwner()), await clientOf(app, newOwner())];
  const holding = Promise.all(long.map((each) => each.delete('/v1/me?confirm=erase'))); // may take minutes
  await sleeping(2);
  const start = Date.now();
  const waiting = atOnce(4, () => client.get('/v1/tasks'));
  expect((await client.get('/livez')).status).toBe(200);
  for (const answer of await waiting) expectUnavailable(answer, /^busy$/);
  expect(Date.now() - start).toBeGreaterThan(2900); // a connection is waited for during 3 s
  expect(Date.now() - start).toBeLessThan(12_000);
  await sql(
    `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND wait_event = 'PgSleep'`,
  );
  for (const answer of await holding) expectUnavailable(answer, /^busy$/);
  await recovers(client);
});

test('U4: a lock held too long is a 503 for those who need it', async () => {
  await serve();
  const holder = new pg.Client({ connectionString: database.superuser });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM app.users WHERE id = $1 FOR UPDATE', [owner]);
  const start = Date.now();
  const answers = await atOnce(2, () => client.post('/v1/aides', { title: 'Planner' }));
  for (const answer of answers) expectUnavailable(answer, /^busy$/);
  expect(Date.now() - start).toBeGreaterThan(1900); // lock_timeout
  await recovers(other);
  await holder.end();
  expect((await client.post('/v1/aides', { title: 'Planner' })).status).toBe(201);
});

test('U4: a statement that takes too long is a 503', async () => {
  await serve({ statement_timeout: '500ms' });
  await slowDown('tasks', 'INSERT', 20);
  expectUnavailable(await client.post('/v1/tasks', { title: 'Buy milk' }), /^busy$/);
  await sql('DROP TRIGGER slow ON app.tasks');
  await recovers(client);
});

test('U4: a transaction of many statements that takes too long is a 503 and leaves nothing', async () => {
  await serve({ transaction_timeout: '1s' });
  const { id } = await makeConversation(client);
  await slowDown('tool_calls', 'INSERT', 0.7);
  const toolCalls = [{ toolName: 'add_task' }, { toolName: 'add_task' }];
  const message = { role: 'assistant', content: 'Done.', toolCalls };
  expectUnavailable(await client.post(`/v1/conversations/${id}/messages`, message), /^busy$/);
  await sql('DROP TRIGGER slow ON app.tool_calls');
  await recovers(client);
  expect((await client.get(`/v1/conversations/${id}/messages`)).body).toMatchObject({ data: [] });
});

test('U4: what may take long is given the time, by the limits of a statement and of a transaction', async () => {
  await serve({ statement_timeout: '800ms', transaction_timeout: '1s' });
  await slowDown('users', 'DELETE', 1.5);
  expect((await client.delete('/v1/me?confirm=erase')).status).toBe(204);
  await sql(`CREATE TRIGGER slow BEFORE INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION public.slow()`);
  expectUnavailable(await other.post('/v1/tasks', { title: 'Buy milk' }), /^busy$/); // only then
});
