import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiClient, clientOf, newOwner, originOf, startApp } from './support/app.js';
import { runCommand } from './support/command.js';
import { freePort } from './support/free-port.js';
import { sqlAsSuperuser, workerDatabase } from './support/database.js';

let app: NestFastifyApplication;
let url: string[];

beforeAll(async () => {
  app = await startApp();
  url = ['--url', originOf(app)];
});
afterAll(() => app.close());

const rowsOf = async (owner: string) => {
  const tables = ['users', 'aides', 'conversations', 'messages', 'tasks', 'tool_calls', 'signal_mappings'];
  const counts = tables.map(
    (table) =>
      `(SELECT count(*)::int FROM app.${table} WHERE ${table === 'users' ? 'id' : 'owner_id'} LIKE $1) AS ${table}`,
  );
  const [row] = await sqlAsSuperuser(await workerDatabase(), `SELECT ${counts.join()}`, [owner]);
  return row;
};

test('U1: npm run seed fills the demo owners through the API, and a second run changes nothing', async () => {
  const first = await runCommand('seed', url);
  expect(first).toMatchObject({ code: 0, errors: '' });
  const filled = await rowsOf('alice');
  expect(filled).toMatchObject({ aides: 3, conversations: 4, messages: 13, tasks: 5, tool_calls: 4 });
  expect(filled).toMatchObject({ signal_mappings: 1 });
  expect(await rowsOf('bob')).toMatchObject({
    aides: 3,
    conversations: 2,
    messages: 7,
    tasks: 4,
    tool_calls: 4,
  });

  const second = await runCommand('seed', url);
  expect(second).toMatchObject({ code: 0, errors: '' });
  expect(second.output).toMatch(/^alice already has data: skipped/m);
  expect(second.output).toMatch(/^bob already has data: skipped/m);
  expect(await rowsOf('alice')).toEqual(filled);

  const alice = await clientOf(app, 'alice');
  const aides = await alice.get<{ data: { status: string }[] }>('/v1/aides?status=archived');
  expect(aides.body.data).toHaveLength(1);
  expect((await new ApiClient(originOf(app)).get('/v1/public/aides/lisbon-trip-planner')).status).toBe(200);
  const pending = `SELECT FROM app.tool_calls WHERE owner_id IN ('alice', 'bob') AND status = 'pending'`;
  expect(await sqlAsSuperuser(await workerDatabase(), pending)).toHaveLength(0);
});

test('U1: npm run seed finds another slug where one is taken', async () => {
  const other = await clientOf(app, newOwner());
  const { body } = await other.post('/v1/aides', { title: 'First here' });
  for (const owner of ['alice', 'bob']) await (await clientOf(app, owner)).delete('/v1/me?confirm=erase');
  await other.post(`/v1/aides/${String(body.id)}/publish`, { slug: 'marathon-coach' });
  expect(await runCommand('seed', url)).toMatchObject({ code: 0, errors: '' });
  const bob = await clientOf(app, 'bob');
  const { data } = (await bob.get<{ data: { slug: string }[] }>('/v1/aides?status=published')).body;
  expect(data).toEqual([
    expect.objectContaining({ slug: expect.stringMatching(/^marathon-coach-[0-9a-f]{6}$/) }),
  ]);
});

test('U1: npm run demo prints each request and answer, twice in a row, and leaves nothing', async () => {
  for (const _ of ['first', 'second']) {
    const { code, output, errors } = await runCommand('demo', url);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(/→ POST \/v1\/aides {3}\(alice\)\n {3}\{\n {5}"title": "Travel planner"/);
    expect(output).toMatch(/← 201 Created\n {3}\{\n {5}"id": "/);
    expect(output).toMatch(/→ GET \/v1\/public\/aides\/demo-\w+ {3}\(nobody, without a token\)\n ← 200 OK/);
    expect(output).toMatch(/→ GET \/v1\/conversations\/[-\w]+ {3}\(bob\)\n ← 404 Not Found/);
    expect(output).toContain('"status": "success"');
    expect(output).toContain('Every answer was the expected one');
  }
  expect(Object.values((await rowsOf('demo-%'))!)).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

test('U1: npm run demo ends with exit code 1 at the first answer that is not the expected one', async () => {
  const { code, errors } = await runCommand('demo', url, {
    JWT_SECRET: 'another secret, longer than 32 bytes too',
  });
  expect(code).toBe(1);
  expect(errors).toMatch(/^POST \/v1\/aides was answered 401 instead of 201; .*JWT_SECRET.*\n$/);
});

test('U1: seed and demo say what to do where no server answers', async () => {
  const nowhere = ['--url', `http://127.0.0.1:${await freePort()}`];
  for (const command of ['seed', 'demo']) {
    const { code, errors } = await runCommand(command, nowhere);
    expect({ code, lines: errors.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
    expect(errors).toMatch(/^no server answers at http:\/\/127\.0\.0\.1:\d+: start it with npm start/);
  }
});

test('U1: a token of npm run token is accepted as its owner, special characters included', async () => {
  const owner = newOwner('Zoë | 東京');
  const { code, output } = await runCommand('token', ['--sub', owner]);
  expect(code).toBe(0);
  const client = new ApiClient(originOf(app), output.trim());
  expect((await client.post('/v1/tasks', { title: 'Mine' })).status).toBe(201);
  expect(await rowsOf(owner)).toMatchObject({ users: 1, tasks: 1 });
});

test.each([
  ['without an owner', [], {}],
  ['for more than 24 hours', ['--sub', 'alice', '--hours', '25'], {}],
  [
    'in production',
    ['--sub', 'alice'],
    { NODE_ENV: 'production', DATABASE_URL: 'postgres://a:b@localhost/c' },
  ],
])('U1: npm run token mints nothing %s', async (_, args, env) => {
  const { code, output, errors } = await runCommand('token', args, env);
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(errors).toMatch(/^(usage|NODE_ENV)[^\n]*\n$/);
});

test('A6: npm run tier lifts the limit of an owner, on the record, and the running server knows at once', async () => {
  const owner = newOwner();
  const client = await clientOf(app, owner);
  for (let i = 0; i < 5; i++) await client.post('/v1/aides', { title: `Aide ${i}` });
  expect((await client.post('/v1/aides', { title: 'Sixth' })).status).toBe(403);

  const env = { DATABASE_URL: (await workerDatabase()).app };
  const run = await runCommand('tier', ['--sub', owner, '--tier', 'pro'], env);
  expect(run).toEqual({ code: 0, errors: '', output: `${owner}: free → pro\n` });
  expect((await client.post('/v1/aides', { title: 'Sixth' })).status).toBe(201);
  expect((await client.get('/v1/audit-log')).text).toContain('"action":"tier"');
});

test.each([
  ['--sub', ['--tier', 'pro']],
  ['--tier', ['--sub', 'alice', '--tier', 'gold']],
  ["Unknown option '--teir'", ['--sub', 'alice', '--teir', 'pro']],
])('A6: npm run tier names what is wrong: %s', async (named, args) => {
  const { code, errors } = await runCommand('tier', args);
  expect(code).toBe(1);
  expect(errors.startsWith(named)).toBe(true);
  expect(errors).toContain('usage: npm run tier -- --sub <owner> --tier <free|pro>');
});
