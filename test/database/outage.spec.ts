import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { dirtyReleases } from '../../src/database/data-source.js';
import { migrate, revert } from '../../src/database/migrate.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let app: NestFastifyApplication;
let client: ApiClient;
const name = `outage_${process.env.JEST_WORKER_ID}`;

beforeAll(async () => {
  database = await freshDatabase(name);
  app = await startApp(undefined, database.app);
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const inServer = (text: string) =>
  sqlAsSuperuser({ ...database, superuser: process.env.TEST_SERVER_URL! }, text);

const cutConnections = () =>
  inServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);

test('C2, M1: connections that are cut in the middle fail their requests alone, and nothing is half-written', async () => {
  const start = { firstMessage: { role: 'user', content: 'Hello' } };
  const statuses: number[] = [];
  const load = new AbortController();
  const writers = Array.from({ length: 8 }, async () => {
    while (!load.signal.aborted) statuses.push((await client.post('/v1/conversations', start)).status);
  });
  for (let cuts = 0; cuts < 10 || !statuses.includes(503); cuts++) await cutConnections();
  load.abort();
  await Promise.all(writers);

  expect(statuses.filter((status) => status !== 201 && status !== 503)).toEqual([]);
  const [row] = await sqlAsSuperuser(
    database,
    `SELECT count(*)::int AS conversations, count(m.id)::int AS messages, sum(c.message_count)::int AS counted
     FROM app.conversations c FULL JOIN app.messages m ON m.conversation_id = c.id`,
  );
  const kept = statuses.filter((status) => status === 201).length;
  const { conversations } = row as { conversations: number };
  expect(conversations).toBeGreaterThanOrEqual(kept);
  expect(row).toEqual({ conversations, messages: conversations, counted: conversations });
  expect(dirtyReleases.count).toBe(0);
});

test('U4: without its database the service lives, is not ready, answers 503, and recovers by itself', async () => {
  await inServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`); // who listens comes back at once
  await cutConnections();
  await inServer(`ALTER DATABASE ${name} RENAME TO ${name}_gone`);
  try {
    for (const path of ['/readyz', '/v1/me']) {
      const { status, headers, body } = await client.get(path);
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'database_unavailable' });
      expect(headers.get('retry-after')).toBe('1');
    }
    expect((await client.get('/livez')).status).toBe(200);
  } finally {
    await inServer(`ALTER DATABASE ${name}_gone RENAME TO ${name}`);
    await inServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  }
  expect((await client.get('/readyz')).status).toBe(200);
  expect((await client.get('/v1/me')).status).toBe(200);
});

test('U4: on a schema that is not current the service lives and is not ready', async () => {
  await sqlAsSuperuser(
    database,
    `UPDATE public.migrations SET name = name || ' of another version' WHERE id = 1`,
  );
  expect((await client.get('/readyz')).status).toBe(503);
  expect((await client.get('/livez')).status).toBe(200);
  await sqlAsSuperuser(database, `UPDATE public.migrations SET name = split_part(name, ' ', 1) WHERE id = 1`);
  expect((await client.get('/readyz')).status).toBe(200);
});

test('U4, O6: a schema that is taken back, and a role that becomes unsafe, end the readiness of a running service', async () => {
  await revert(database.migration);
  expect((await client.get('/readyz')).status).toBe(503);
  await migrate(database.migration, database.app);
  expect((await client.get('/readyz')).status).toBe(200);
  await sqlAsSuperuser(database, 'REVOKE SELECT ON public.migrations FROM assistant_app');
  expect((await client.get('/readyz')).status).toBe(503);
  await sqlAsSuperuser(database, 'GRANT SELECT ON public.migrations TO assistant_app');
  await sqlAsSuperuser(database, 'ALTER TABLE app.tasks OWNER TO assistant_login');
  expect((await client.get('/readyz')).status).toBe(503);
  expect((await client.get('/livez')).status).toBe(200);
});
