import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintToken } from '../src/auth/mint-token.js';
import { ApiClient, newOwner, testConfig, TEST_SECRET } from './support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from './support/database.js';
import { atOnce } from './support/factories.js';
import { parseAnswer } from './support/raw-http.js';
import { Service } from './support/service.js';

const name = `drain_${process.env.JEST_WORKER_ID}`;
let folder: string;
let database: TestDatabase;
let service: Service;
let origin: string;
let token: string;
let sockets: Socket[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assistant-backend-drain-'));
  chmodSync(folder, 0o755);
  database = await freshDatabase(name);
  for (const limit of ['statement_timeout', 'transaction_timeout'])
    // so that they outlast a drain
    await sqlAsSuperuser(database, `ALTER ROLE assistant_login IN DATABASE ${name} SET ${limit} = '1min'`);
  service = new Service({
    cwd: folder,
    env: { DATABASE_URL: database.app, JWT_SECRET: TEST_SECRET, RATE_LIMIT: '1000000', LOG_LEVEL: 'warn' },
  });
  origin = await service.origin();
  token = await mintToken(testConfig(), newOwner(), 1);
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await service.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function open(text = ''): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  sockets.push(socket.on('error', () => undefined));
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n');

async function received(socket: Socket): Promise<ReturnType<typeof parseAnswer>> {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string;
  return parseAnswer(text);
}

const refusesConnections = async () => {
  while (await fetch(`${origin}/livez`).catch(() => undefined)) await sleep(10);
};

/** @returns the exit code, which must come within 10 s */
async function ended(): Promise<number | NodeJS.Signals> {
  const start = Date.now();
  const code = await service.exit;
  expect(Date.now() - start).toBeLessThan(10_000);
  return code;
}

test('U1: under load, with idle, silent, half-open and slow connections, what is in flight is answered and it ends', async () => {
  const acknowledged: string[] = [];
  const load = atOnce(6, async () => {
    const client = new ApiClient(origin, token);
    for (;;) {
      const answer = await client
        .post<{ id: string; code: string }>('/v1/tasks', { title: 'x' })
        .catch(() => undefined);
      if (!answer) return 'no connection';
      if (answer.status === 201) acknowledged.push(answer.body.id);
      else
        expect({ status: answer.status, code: answer.body.code }).toEqual({
          status: 503,
          code: 'shutting_down',
        });
    }
  });
  await open();
  await open('GET /v1/tasks HTTP/1.1\r\nHost: local');
  const slow = await open(head('POST /v1/tasks', 'Content-Type: application/json', 'Content-Length: 99'));
  const idle = await open(head('GET /v1/tasks'));
  await once(idle, 'data');
  const halves = [
    await open(head('GET /readyz').slice(0, -2)),
    await open(head('GET /v1/tasks').slice(0, -2)),
  ];
  const body = '{"title":"in flight"}';
  const late = await open(
    head(
      'POST /v1/tasks',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
    ),
  );
  await once(late, 'data'); // 100: the service has the head and waits for the body
  while (acknowledged.length < 30) await sleep(5);

  void service.stop('SIGTERM');
  await refusesConnections();
  void service.stop('SIGTERM'); // once more does no harm
  const trickle = setInterval(() => slow.writable && slow.write(' '), 200);
  for (const half of halves) {
    half.write('\r\n');
    const refused = await received(half);
    expect(refused.status).toBe(503);
    expect(refused.head.toLowerCase()).toMatch(/^connection: close\r$/m);
    expect(refused.head.toLowerCase()).toMatch(/^retry-after: 1\r$/m);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'shutting_down' });
  }
  late.write(body);
  const answered = await received(late);
  expect(answered.status).toBe(201);
  expect(answered.head.toLowerCase()).toContain('connection: close');

  expect(await ended()).toBe(0);
  clearInterval(trickle);
  await load;
  const rows = await sqlAsSuperuser<{ id: string }>(database, 'SELECT id FROM app.tasks');
  const stored = new Set(rows.map(({ id }) => id));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  expect(service.output).not.toMatch(/error/i);
});

test('U1: a write that the deadline cuts off, even one that may take minutes, is done whole or not at all', async () => {
  const client = new ApiClient(origin, token);
  await client.post('/v1/tasks', { title: 'still there' });
  await sqlAsSuperuser(
    database,
    `CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_sleep(12); RETURN OLD; END $$;
     CREATE TRIGGER slow AFTER DELETE ON app.users FOR EACH ROW EXECUTE FUNCTION public.slow()`,
  );
  const cut = client.delete('/v1/me?confirm=erase').catch(() => 'cut off');
  const sleeping = `SELECT FROM pg_stat_activity WHERE datname = '${name}' AND wait_event = 'PgSleep'`;
  while ((await sqlAsSuperuser(database, sleeping)).length === 0);

  void service.stop('SIGTERM');
  expect(await ended()).toBe(0);
  expect(await cut).toBe('cut off');
  while ((await sqlAsSuperuser(database, sleeping)).length > 0) await sleep(50); // the server has not noticed
  expect(await sqlAsSuperuser(database, 'SELECT title FROM app.tasks')).toEqual([{ title: 'still there' }]);
});
