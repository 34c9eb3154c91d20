import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from './support/app.js';
import { workerDatabase } from './support/database.js';
import { appears, processesOf, Service } from './support/service.js';

const ROOT = process.getuid?.() === 0;
let folder: string;
let services: Service[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assistant-backend-service-'));
  chmodSync(folder, 0o755);
  services = [];
});
afterEach(async () => {
  await Promise.all(services.map((service) => service.stop('SIGKILL')));
  for (const pid of processesOf(folder)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function run(env: NodeJS.ProcessEnv = {}, cwd = folder, uid?: number): Service {
  const service = new Service({ cwd, env, uid });
  services.push(service);
  return service;
}

const tokensOf = (banner: string) => banner.match(/^eyJ\S+$/gm) ?? [];
const alice = async (service: Service) =>
  new ApiClient(await service.origin(), tokensOf(await service.banner())[0]);
const titles = async (client: ApiClient) =>
  (await client.get<{ data: { title: string }[] }>('/v1/tasks')).body.data.map(({ title }) => title);
const postmaster = (data = join(folder, '.data/postgres/data')) =>
  Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10);

/** What a shell makes of a line: the arguments of the curl in it. */
const shellWords = (line: string) =>
  spawnSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${line}`], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');

test('U1: with nothing set it starts, says how to try it, and keeps its data whatever ends it', async () => {
  const first = run();
  const banner = await first.banner();
  const swagger = /^Swagger UI +(\S+)$/m.exec(banner)![1]!;
  expect((await fetch(swagger)).status).toBe(200);
  const page = await fetch(/^Try it +(\S+)$/m.exec(banner)![1]!);
  expect(await page.text()).toContain('data-demo="alice bob"');
  expect(banner).toContain(join(folder, '.data/postgres'));
  expect(banner).toMatch(/^Model +stand-in.*MODEL_BASE_URL/m);
  for (const token of tokensOf(banner))
    expect((await new ApiClient(await first.origin(), token).get('/v1/me')).status).toBe(200);
  expect(tokensOf(banner)).toHaveLength(2);
  const [option, header, url] = shellWords(/^curl .*$/m.exec(banner)![0]);
  const [name, value] = header!.split(': ');
  expect([option, name]).toEqual(['-H', 'Authorization']);
  expect((await fetch(url!, { headers: { [name!]: value! } })).status).toBe(200);

  expect((await (await alice(first)).post('/v1/tasks', { title: 'kept' })).status).toBe(201);
  expect(await first.stop('SIGTERM')).toBe(0);
  expect(processesOf(folder)).toEqual([]);

  const second = run();
  expect(await titles(await alice(second))).toEqual(['kept']);
  const database = postmaster();
  expect(await second.stop('SIGKILL')).toBe('SIGKILL');
  expect(processesOf(folder)).toContain(database);

  const third = run();
  expect(await titles(await alice(third))).toEqual(['kept']);
  expect(postmaster()).toBe(database); // joined, not started anew
  process.kill(database, 'SIGKILL');
  expect(await third.stop('SIGINT')).toBe(0);

  const fourth = run();
  expect(await titles(await alice(fourth))).toEqual(['kept']);
  expect(await fourth.stop('SIGINT')).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

test('U1: processes that start at once in one folder share a database, which the last of them stops', async () => {
  const [first, second] = [run(), run()];
  const clients = await Promise.all([alice(first), alice(second)]);
  await clients[0].post('/v1/tasks', { title: 'shared' });
  expect(await titles(clients[1])).toEqual(['shared']);
  expect(await first.stop()).toBe(0);
  expect(await titles(clients[1])).toEqual(['shared']);

  const third = run();
  const client = await alice(third);
  expect(await second.stop()).toBe(0);
  expect(await titles(client)).toEqual(['shared']);
  expect(await third.stop()).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

test('U1, O3: two checkouts run side by side, each with its own data and key', async () => {
  const [one, two] = ['one', 'two'].map((name) => run({ DATA_DIR: join(folder, name) }));
  const [first, second] = await Promise.all([alice(one!), alice(two!)]);
  expect((await first.post('/v1/tasks', { title: 'of one' })).status).toBe(201);
  expect(await titles(second)).toEqual([]);
  const crossing = new ApiClient(await two!.origin(), tokensOf(await one!.banner())[0]);
  expect((await crossing.get('/v1/me')).status).toBe(401);
  expect(await one!.stop()).toBe(0);
  expect(await titles(second)).toEqual([]);
});

test('U1: what was killed while it was made is made again, at whatever point it was killed', async () => {
  const path = join(folder, '.data/postgres');
  mkdirSync(join(path, 'data/base'), { recursive: true });
  writeFileSync(join(path, 'data/postgresql.conf'), 'half = made');
  for (const point of [/^data\.\d+$/, /^data$/, /^postgres\.log$/]) {
    const reached = appears(path, point);
    const killed = run();
    await reached;
    expect(await killed.stop('SIGKILL')).toBe('SIGKILL');
  }
  const service = run();
  expect(await titles(await alice(service))).toEqual([]);
  expect(await service.stop()).toBe(0);
  expect(processesOf(folder)).toEqual([]);
}, 60_000);

test('U1: a lock that was left, whose process id another program of the user has by now, stops nobody', async () => {
  const first = run();
  await first.banner();
  expect(await first.stop()).toBe(0);
  const identity = ROOT ? { uid: 65_534, gid: 65_534 } : {};
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], identity);
  const data = join(folder, '.data/postgres/data');
  writeFileSync(
    join(data, 'postmaster.pid'),
    `${other.pid}\n${data}\n1764000000\n54321\n\n127.0.0.1\n\nready   \n`,
  );
  const second = run();
  expect(await titles(await alice(second))).toEqual([]);
  expect(await second.stop()).toBe(0);
  expect(other.exitCode).toBeNull();
  other.kill();
});

test('U1: Ctrl-C while it starts leaves nothing running', async () => {
  const path = join(folder, '.data/postgres');
  mkdirSync(path, { recursive: true });
  const launched = appears(path, /^postgres\.log$/);
  const service = run();
  await launched;
  expect(await service.stop('SIGINT')).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

test('U1: on Ctrl-C a request in flight is answered before the database stops', async () => {
  const service = run();
  const origin = await service.origin();
  const body = '{"title":"in flight"}';
  const request = httpRequest(`${origin}/v1/tasks`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokensOf(await service.banner())[0]}`,
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    },
  });
  await once(request, 'continue'); // the service has the head and waits for the body
  service.interrupt();
  while (await fetch(`${origin}/livez`).catch(() => undefined)); // until it listens no more
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(201);
  expect(await service.exit).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

test('U1: a port that is taken is said so, and the database is stopped', async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const { port } = taken.address() as { port: number };
  const service = run({ PORT: String(port) });
  expect(await service.exit).toBe(1);
  expect(service.output).toMatch(/^PORT \d+ is in use/m);
  expect(processesOf(folder)).toEqual([]);
  await new Promise((done) => taken.close(done));
});

const SUPERUSER = process.env.TEST_SERVER_URL;

test.each<[string, NodeJS.ProcessEnv, RegExp[]]>([
  [
    'production with nothing',
    { NODE_ENV: 'production' },
    [/^DATABASE_URL must/m, /^JWT_SECRET or JWT_JWKS_URL must/m],
  ],
  ['every address without a key', { HOST: '0.0.0.0' }, [/^JWT_SECRET or JWT_JWKS_URL must/m]],
  [
    'a superuser',
    { NODE_ENV: 'production', DATABASE_URL: SUPERUSER, JWT_SECRET: 'x'.repeat(32) },
    [/could pass row-level/],
  ],
])('U1, O6: does not start with %s, and makes nothing', async (_, env, said) => {
  const service = run(env);
  expect(await service.exit).toBe(1);
  for (const line of said) expect(service.output).toMatch(line);
  expect(service.output).not.toMatch(/eyJ/);
  expect(existsSync(join(folder, '.data'))).toBe(false);
});

test('O3: production, on an address that others reach, prints no tokens', async () => {
  const { app: DATABASE_URL } = await workerDatabase();
  const JWT_SECRET = 'x'.repeat(32);
  const service = run({ NODE_ENV: 'production', HOST: '0.0.0.0', DATABASE_URL, JWT_SECRET });
  expect(await service.banner()).not.toMatch(/eyJ|Bearer/);
  expect(await service.stop()).toBe(0);
});

if (ROOT) {
  test('U1: root in a folder closed to others keeps the data elsewhere, says where, and finds it again', async () => {
    chmodSync(folder, 0o700);
    const service = run();
    const elsewhere = /^Embedded PostgreSQL (\S+)$/m.exec(await service.banner())![1]!;
    try {
      expect(elsewhere.startsWith(folder)).toBe(false);
      await (await alice(service)).post('/v1/tasks', { title: 'elsewhere' });
      expect(await service.stop()).toBe(0);
      const again = run();
      expect(await titles(await alice(again))).toEqual(['elsewhere']);
      expect(await again.stop()).toBe(0);
      expect(processesOf(elsewhere)).toEqual([]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('U1: a user who is not root runs it in a folder of its own', async () => {
    const uid = 65_534;
    chownSync(folder, uid, uid);
    const service = run({}, folder, uid);
    expect(await titles(await alice(service))).toEqual([]);
    expect(await service.banner()).toContain(join(folder, '.data/postgres'));
    expect(await service.stop()).toBe(0);
    expect(processesOf(folder)).toEqual([]);
  });
}
