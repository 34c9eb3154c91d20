import { DataSource } from 'typeorm';
import { migrationOptions } from '../src/database/data-source.js';
import { migrate, revert } from '../src/database/migrate.js';
import { Publications1764000000014 } from '../src/database/migrations/1764000000014-publications.js';
import { migrations } from '../src/database/migrations/index.js';
import { clientOf, newOwner, startApp } from './support/app.js';
import { catalogueOf } from './support/catalogue.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from './support/database.js';

const NAMES = migrations.map(({ name }) => name);
const WORKER = process.env.JEST_WORKER_ID;

const empty = (name: string) => freshDatabase(`${name}_${WORKER}`, 'template1');

/** Runs the next migrations until `count` have run. */
async function migrateTo(database: TestDatabase, count: number): Promise<void> {
  const options = { ...migrationOptions(database.migration), migrations: migrations.slice(0, count) };
  const dataSource = await new DataSource(options).initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
}

const migrationsRun = async (database: TestDatabase) =>
  (await sqlAsSuperuser<{ name: string }>(database, 'SELECT name FROM public.migrations ORDER BY id')).map(
    ({ name }) => name,
  );

test('U4: every migration, taken back, leaves exactly what was there before it, from empty up and down to empty', async () => {
  const database = await empty('updown');
  const catalogues: string[][] = [];
  for (let count = 0; count <= migrations.length; count++) {
    await migrateTo(database, count);
    catalogues.push(await catalogueOf(database));
  }
  for (let count = migrations.length - 1; count >= 0; count--) {
    await revert(database.migration);
    expect(await migrationsRun(database)).toEqual(NAMES.slice(0, count));
    expect(await catalogueOf(database)).toEqual(catalogues[count]);
  }
  expect(await migrate(database.migration, database.app)).toEqual(NAMES);
  expect(await catalogueOf(database)).toEqual(catalogues.at(-1));
  expect(catalogues.at(-1)!.filter((line) => line.startsWith('role assistant_app '))).toHaveLength(1);
});

const TABLES = [
  'users',
  'audit_log',
  'aides',
  'aide_events',
  'aide_publications',
  'conversations',
  'messages',
  'tasks',
  'tool_calls',
  'signal_mappings',
  'idempotency_keys',
  'tool_call_chain',
  'pairing_codes',
  'runs',
  'run_chunks',
  'chat_usage',
  'socket_tickets',
];

/** A row or more in every table, made through the API. */
async function fill(database: TestDatabase): Promise<void> {
  const app = await startApp(undefined, database.app);
  const client = await clientOf(app, newOwner());
  const make = async (path: string, body: object, headers = {}) =>
    String((await client.post(path, body, headers)).body.id);
  const aideId = await make('/v1/aides', { title: 'A', state: { tone: 'friendly' } });
  expect((await client.post(`/v1/aides/${aideId}/publish`, { slug: 'kept-slug' })).status).toBe(200);
  const conversationId = await make('/v1/conversations', {
    aideId,
    firstMessage: { role: 'user', content: 'x' },
  });
  const toolCalls = [{ toolName: 'add_task', parameters: { title: 'y' } }];
  await make(`/v1/conversations/${conversationId}/messages`, { role: 'assistant', content: '', toolCalls });
  const { data } = (await client.get(`/v1/conversations/${conversationId}/tool-calls`)).body;
  const [call] = data as { id: string }[];
  await client.post(`/v1/tool-calls/${call!.id}/finish`, { status: 'success', result: [1] });
  await make('/v1/tasks', { title: 'T' }, { 'idempotency-key': 'a-task' });
  const turn = await client.post(`/v1/conversations/${conversationId}/turns`, { content: 'Hello' });
  while ((await client.get(turn.headers.get('location')!)).body.status === 'running');
  await make('/v1/socket-tickets', {});
  await make('/v1/signal-mappings', { phoneNumber: '+4915112345678', aideId, conversationId });
  await app.close();
}

const contentOf = (database: TestDatabase, table: string) =>
  sqlAsSuperuser<{ row: unknown }>(
    database,
    `SELECT jsonb_strip_nulls(to_jsonb(t)) AS row FROM app.${table} t ORDER BY t::text`,
  );

const tablesOf = async (database: TestDatabase) =>
  (
    await sqlAsSuperuser<{ name: string }>(
      database,
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'app' AND tablename NOT IN ('jobs', 'rate_limits')`,
    )
  ).map(({ name }) => name);

/** The rows of every table that there is. */
async function contentsOf(database: TestDatabase): Promise<Map<string, unknown>> {
  const contents = new Map<string, unknown>();
  for (const table of await tablesOf(database)) contents.set(table, await contentOf(database, table));
  return contents;
}

test('U4: with data in every table each step down, and up again, keeps the rows of the tables that stay', async () => {
  const database = await freshDatabase(`data_${WORKER}`);
  await fill(database);
  const before = await contentsOf(database);
  expect([...before.keys()].toSorted()).toEqual(TABLES.toSorted());
  expect([...before.values()]).not.toContainEqual([]);
  const catalogue = await catalogueOf(database);

  for (let count = migrations.length; count > 0; count--) {
    const held = await contentsOf(database);
    const shape = await catalogueOf(database);
    await revert(database.migration);
    const stayed = await contentsOf(database);
    for (const [table, rows] of stayed) expect(before.get(table)).toMatchObject(rows as object); // columns may go
    await migrateTo(database, count);
    for (const table of stayed.keys()) expect(await contentOf(database, table)).toEqual(held.get(table));
    expect(await catalogueOf(database)).toEqual(shape);
    await revert(database.migration);
  }
  expect(await migrate(database.migration, database.app)).toEqual(NAMES);
  expect(await catalogueOf(database)).toEqual(catalogue);
}, 60_000);

test('A2, U4: what was published before publications were listed is the first of its list', async () => {
  const database = await freshDatabase(`publications_${WORKER}`);
  await fill(database);
  for (let i = migrations.indexOf(Publications1764000000014); i < migrations.length; i++)
    await revert(database.migration);
  await migrate(database.migration, database.app);
  const listed = await sqlAsSuperuser(
    database,
    `SELECT p.version, p.slug, p.title, p.created_at = a.published_at AS dated FROM app.aide_publications p
     JOIN app.aides a ON a.owner_id = p.owner_id AND a.id = p.aide_id`,
  );
  expect(listed).toEqual([{ version: 2, slug: 'kept-slug', title: 'A', dated: true }]);
});

test('U4, A3: the state of an aide that is older than the log of events becomes its first event', async () => {
  const database = await freshDatabase(`log_${WORKER}`);
  await fill(database);
  const eventOf = () =>
    sqlAsSuperuser<{ id: string }>(
      database,
      `SELECT e.id, e.aide_id, e.version, type, operations, actor, channel, a.created_at = e.created_at AS "thenMade",
         ('x' || replace(left(e.id::text, 13), '-', ''))::bit(48)::bigint = extract(epoch FROM e.created_at) * 1000 AS "thenNamed"
       FROM app.aide_events e JOIN app.aides a ON a.id = e.aide_id`,
    );
  const [{ id, ...before }] = (await eventOf()) as [{ id: string }]; // named and made by two clocks
  while ((await migrationsRun(database)).includes('AideEvents1764000000013'))
    await revert(database.migration);
  await migrate(database.migration, database.app);
  const [{ id: later, ...after }] = (await eventOf()) as [{ id: string }];
  expect(after).toEqual({ ...before, thenMade: true, thenNamed: true });
  expect(later).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
  expect(later).not.toBe(id);
});

test('U4: instances that start at once on an empty database run each migration once', async () => {
  const database = await empty('atonce');
  const ran = await Promise.all(Array.from({ length: 4 }, () => migrate(database.migration, database.app)));
  expect(ran.toSorted((a, b) => b.length - a.length)).toEqual([NAMES, [], [], []]);
  expect(await migrationsRun(database)).toEqual(NAMES);
});

test('U4: a migration that fails leaves nothing of itself, and the next run goes on from there', async () => {
  const database = await empty('failing');
  await migrateTo(database, 4);
  const catalogue = await catalogueOf(database);
  await sqlAsSuperuser(database, 'CREATE TABLE app.messages_newest_idx ()'); // in the way of the sixth's index
  await expect(migrate(database.migration, database.app)).rejects.toThrow(
    '"messages_newest_idx" already exists',
  );
  expect(await migrationsRun(database)).toEqual(NAMES.slice(0, 5));
  expect(await tablesOf(database)).not.toContain('messages');
  await sqlAsSuperuser(database, 'DROP TABLE app.messages_newest_idx');
  await revert(database.migration);
  expect(await catalogueOf(database)).toEqual(catalogue);
  expect(await migrate(database.migration, database.app)).toEqual(NAMES.slice(4));
});
