import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Failure } from '../../src/config/failure.js';
import { MetricsServer } from '../../src/telemetry/metrics-server.js';
import { ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { freshDatabase } from '../support/database.js';
import { atOnce } from '../support/factories.js';

const metricsOf = (service: NestFastifyApplication) =>
  `http://127.0.0.1:${service.get(MetricsServer).port}/metrics`;

let app: NestFastifyApplication;
let client: ApiClient;
let owner: string;
let url: string;

beforeAll(async () => {
  app = await startApp(testConfig({ METRICS_PORT: '0' }));
  url = metricsOf(app);
  owner = newOwner('measured');
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const scrape = async (from = url) => (await fetch(from)).text();

/** The value of a series, 0 while it is not there. */
const valueIn = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1) ?? 0,
  );

const TRIES = 100;

/** Reads until the series are this much above `before`: an answer is counted after it has been sent. */
async function sees(expected: Record<string, number>, url: string, before = ''): Promise<void> {
  let grown = {};
  for (let i = 0; i < TRIES && JSON.stringify(grown) !== JSON.stringify(expected); i++) {
    const after = await scrape(url);
    grown = Object.fromEntries(
      Object.keys(expected).map((name) => [name, valueIn(after, name) - valueIn(before, name)]),
    );
  }
  expect(grown).toEqual(expected);
}

async function grow(expected: Record<string, number>, work: () => Promise<unknown>): Promise<void> {
  const before = await scrape();
  await work();
  await sees(expected, url, before);
}

const requests = (method: string, route: string, status: number) =>
  `http_requests_total{method="${method}",route="${route}",status="${status}"}`;

test('L3: requests are counted by route and status, refused ones too', async () => {
  const expected = {
    [requests('GET', '/v1/tasks', 200)]: 2,
    [requests('POST', '/v1/tasks', 201)]: 1,
    [requests('GET', '/v1/tasks/:id', 200)]: 3,
    [requests('GET', '/v1/tasks/:id', 401)]: 1,
    [requests('PUT', '/v1/tasks/:id', 405)]: 1,
    'http_request_duration_seconds_count{method="GET",route="/v1/tasks/:id"}': 4,
    'http_request_duration_seconds_bucket{le="10",method="GET",route="/v1/tasks/:id"}': 4,
  };
  await grow(expected, async () => {
    const { body } = await client.post('/v1/tasks', { title: 'Counted' });
    const path = `/v1/tasks/${String(body.id)}`;
    for (let i = 0; i < 3; i++) await client.get(path);
    for (let i = 0; i < 2; i++) await client.get('/v1/tasks');
    await fetch(originOf(app) + path);
    await client.send('PUT', path);
  });
});

test('L3: paths that are no routes are one series, whatever they are', async () => {
  await grow({ [requests('GET', 'unknown', 404)]: 5, [requests('GET', 'unknown', 401)]: 2 }, async () => {
    for (let i = 0; i < 5; i++) await client.get(`/v1/no-route-${i}/${i}`);
    for (let i = 0; i < 2; i++) await fetch(`${originOf(app)}/v1/no-route-${i}`);
  });
  expect(await scrape()).not.toContain('no-route');
});

test('L3: what a limit refuses is counted by whose limit it was', async () => {
  const database = await freshDatabase(`metrics_${process.env.JEST_WORKER_ID}`); // whose addresses are its own
  const settings = { METRICS_PORT: '0', RATE_LIMIT: '2', RATE_LIMIT_ANONYMOUS: '1' };
  const limited = await startApp(testConfig(settings), database.app);
  const byOwner = await clientOf(limited, newOwner());
  const nobody = new ApiClient(originOf(limited));
  const refused = async (by: ApiClient) => {
    const answers = await atOnce(20, () => by.get('/v1/me'));
    return answers.filter(({ status }) => status === 429).length;
  };
  const expected = {
    'rate_limited_requests_total{policy="owner"}': await refused(byOwner),
    'rate_limited_requests_total{policy="address"}': await refused(nobody),
  };
  expect(Math.min(...Object.values(expected))).toBeGreaterThan(0);
  await sees(expected, metricsOf(limited));
  await limited.close();
});

test('L3: the pool, dirty releases, limits, the event loop and the process are there', async () => {
  await client.get('/v1/me');
  const text = await scrape();
  expect(valueIn(text, 'database_pool_total')).toBeGreaterThan(0);
  expect(valueIn(text, 'database_pool_idle')).toBeLessThanOrEqual(valueIn(text, 'database_pool_total'));
  for (const series of ['database_pool_waiting', 'database_dirty_releases_total'])
    expect(text).toContain(`\n${series} 0\n`);
  for (const policy of ['owner', 'address']) expect(text).toContain(`requests_total{policy="${policy}"} `);
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes'])
    expect(valueIn(text, name)).toBeGreaterThan(0);
});

test('L3: no label has an owner or an id', async () => {
  const { body } = await client.post('/v1/tasks', { title: 'Not in a label' });
  await client.get(`/v1/tasks/${String(body.id)}?status=open`);
  const text = await scrape();
  expect(text).not.toContain(owner);
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-|status=open/);
});

test('L3: they are read on their own port alone, and nothing else is there', async () => {
  expect((await client.get('/metrics')).status).toBe(404);
  const answer = await fetch(url);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  for (const path of ['/', '/v1/me', '/livez']) expect((await fetch(new URL(path, url))).status).toBe(404);
});

test('L3: without METRICS_PORT nothing is measured', async () => {
  const plain = await startApp();
  expect(() => plain.get(MetricsServer)).toThrow(/does not exist/);
  await plain.close();
});

test('L3: the server ends with the service, and its port is free again', async () => {
  const first = await startApp(testConfig({ METRICS_PORT: '0' }));
  const { port } = first.get(MetricsServer);
  const settings = testConfig({ METRICS_PORT: String(port) });
  const refused = await startApp(settings).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Failure);
  expect(String(refused)).toContain(`METRICS_PORT ${port} is in use on 127.0.0.1`);
  await first.close();
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('fetch failed');
  await (await startApp(settings)).close();
});
