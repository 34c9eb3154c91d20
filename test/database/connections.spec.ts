import pg from 'pg';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { makeAide, newSlug } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const CONNECTIONS = `FROM pg_stat_activity WHERE datname = current_database() AND usename = 'assistant_login'`;

test('a statement that is refused keeps its connection', async () => {
  const slug = newSlug();
  const [winner, loser] = [await makeAide(client), await makeAide(client)];
  await client.post(`/v1/aides/${winner.id}/publish`, { slug });
  const before = await sqlAsSuperuser(database, `SELECT pid ${CONNECTIONS} ORDER BY pid`);
  for (let i = 0; i < 5; i++)
    expectProblem(await client.post(`/v1/aides/${loser.id}/publish`, { slug }), 409, 'slug_taken');
  expect(await sqlAsSuperuser(database, `SELECT pid ${CONNECTIONS} ORDER BY pid`)).toEqual(before);
});

test('a connection that is killed inside a transaction is a 503, not the end of the process', async () => {
  const holder = new pg.Client({ connectionString: database.superuser });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM app.users WHERE id = $1 FOR UPDATE', [owner]);
  const waiting = client.post('/v1/aides', { title: 'Planner' });
  const kill = `SELECT pg_terminate_backend(pid) ${CONNECTIONS} AND wait_event_type = 'Lock'`;
  for (let killed = 0; killed === 0;) killed = (await sqlAsSuperuser(database, kill)).length;

  expectProblem(await waiting, 503, 'database_unavailable');

  await holder.query('ROLLBACK');
  await holder.end();
  await makeAide(client);
});
