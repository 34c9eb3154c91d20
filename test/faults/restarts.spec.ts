import { existsSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { dirtyReleases } from '../../src/database/data-source.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser } from '../support/database.js';
import { atOnce } from '../support/factories.js';
import { expectSurvived, expectUnavailable, Load, recovers } from '../support/load.js';
import { type OwnServer, startOwnServer } from '../support/own-server.js';

const LOGIN = 'assistant_login';
let server: OwnServer;
let app: NestFastifyApplication;
let clients: ApiClient[];
let client: ApiClient;

beforeAll(async () => {
  server = await startOwnServer({ durable: true });
  app = await startApp(undefined, server.database.app);
  clients = await atOnce(6, () => clientOf(app, newOwner()));
  client = clients[0]!;
});
afterAll(async () => {
  await app.close();
  await server.stop();
});
afterEach(() => expect(dirtyReleases.count).toBe(0));

const sql = (text: string) => sqlAsSuperuser(server.database, text);
const cutConnections = () =>
  sql(`SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE usename = '${LOGIN}'`);

test.each([
  ['restarted', 'SIGINT'],
  ['restarted at once', 'SIGQUIT'],
  ['killed', 'SIGKILL'],
] as const)('C2: a server that is %s under load loses nothing acknowledged', async (_, signal) => {
  const load = new Load(clients);
  await load.progress(30);
  await server.end(signal);
  await load.refusals(10);
  await server.startAgain();
  await recovers(client);
  await load.progress(30);
  await load.stop();
  await expectSurvived(load, server.database);
});

test('U4: connections that are cut while idle cost no request', async () => {
  await atOnce(10, () => client.get('/v1/tasks'));
  await cutConnections();
  const answers = await atOnce(20, () => client.get('/v1/tasks?limit=1'));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test('U4: too many connections are a 503 as long as they last', async () => {
  await sql(`ALTER ROLE ${LOGIN} CONNECTION LIMIT 0`); // before the cut: who looks for turns comes back at once
  await cutConnections();
  expectUnavailable(await client.get('/v1/tasks'), /^busy$/);
  expectUnavailable(await client.post('/v1/tasks', { title: 'Buy milk' }), /^busy$/);
  await sql(`ALTER ROLE ${LOGIN} CONNECTION LIMIT 2`);
  const load = new Load(clients); // over a pool of 10
  await load.refusals(5);
  await load.progress(30);
  await load.stop();
  await sql(`ALTER ROLE ${LOGIN} CONNECTION LIMIT -1`);
  await recovers(client);
  await expectSurvived(load, server.database);
});

// /dev/full answers every write as a full disk does, to whatever user and without a file system of its own.
if (existsSync('/dev/full'))
  test('U4: a full disk is a 503 for what needs space, and passes', async () => {
    const [row] = await sqlAsSuperuser<{ path: string; size: number }>(
      server.database,
      `SELECT pg_relation_filepath('app.aides') AS path, pg_relation_size('app.aides')::int AS size`,
    );
    expect(row!.size).toBe(0);
    const file = join(server.data, row!.path);
    renameSync(file, `${file}.kept`);
    symlinkSync('/dev/full', file);
    await cutConnections();
    const load = new Load(clients);
    const answers = await atOnce(10, () => client.post('/v1/aides', { title: 'Planner' }));
    for (const answer of answers) expectUnavailable(answer, /^database_unavailable$/);
    expect((await client.get('/v1/aides')).body).toMatchObject({ data: [] });
    await load.progress(30);
    await load.stop();
    renameSync(`${file}.kept`, file);
    await cutConnections(); // those have the other file open
    await recovers(client);
    expect((await client.post('/v1/aides', { title: 'Planner' })).status).toBe(201);
    await expectSurvived(load, server.database);
  });

test('U4: a read-only database serves reads, of owners not seen before too, and refuses writes', async () => {
  const mine = await client.post<{ id: string }>('/v1/tasks', { title: 'Buy milk' });
  await sql(`ALTER SYSTEM SET default_transaction_read_only = on`);
  await sql(`SELECT pg_reload_conf()`);
  await cutConnections();
  const stranger = await clientOf(app, newOwner());
  expectUnavailable(await client.post('/v1/tasks', { title: 'Bread' }), /^database_unavailable$/);
  expectUnavailable(await stranger.post('/v1/tasks', { title: 'Bread' }), /^database_unavailable$/);
  expect((await client.get(`/v1/tasks/${mine.body.id}`)).body).toEqual(mine.body);
  expect((await stranger.get('/v1/tasks')).body).toMatchObject({ data: [] });
  expect((await client.get('/readyz')).status).toBe(200);
  await sql(`ALTER SYSTEM RESET default_transaction_read_only`);
  await sql(`SELECT pg_reload_conf()`);
  await recovers(client);
  await recovers(stranger);
});
