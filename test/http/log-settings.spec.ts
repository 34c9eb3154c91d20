import { tmpdir } from 'node:os';
import { mintToken } from '../../src/auth/mint-token.js';
import { ApiClient, newOwner, originOf, startApp, TEST_SECRET, testConfig } from '../support/app.js';
import { workerDatabase } from '../support/database.js';
import { atOnce } from '../support/factories.js';
import { type Line, Lines } from '../support/lines.js';
import { Service } from '../support/service.js';

/** The lines of a service that serves each of these owners one request, and then ends. */
async function linesOf(settings: NodeJS.ProcessEnv, owners: string[]): Promise<Line[]> {
  const config = testConfig(settings);
  const lines = new Lines(config.LOG_LEVEL);
  const app = await startApp(config, undefined, lines.log);
  for (const owner of owners)
    await new ApiClient(originOf(app), await mintToken(config, owner, 1)).get('/v1/me');
  await app.close();
  return lines.all;
}

test.each([
  ['info', 1],
  ['warn', 0],
  ['silent', 0],
])('L2: at LOG_LEVEL=%s a request has %d lines', async (LOG_LEVEL, count) => {
  expect(await linesOf({ LOG_LEVEL }, [newOwner()])).toHaveLength(count);
});

test('L2: the hash of an owner is that of no other, the same after a restart, another under other keys', async () => {
  const [alice, bob] = [newOwner('alice'), newOwner('bob')];
  const hashes = async (JWT_SECRET: string, owners: string[]) =>
    (await linesOf({ LOG_LEVEL: 'info', JWT_SECRET }, owners)).map(({ owner }) => owner);
  const [ofAlice, ofBob, again] = await hashes(TEST_SECRET, [alice, bob, alice]);
  expect(ofAlice).not.toBe(ofBob);
  expect(again).toBe(ofAlice);
  expect(await hashes(TEST_SECRET, [alice])).toEqual([ofAlice]);
  expect(await hashes(`${TEST_SECRET}, but another`, [alice])).not.toEqual([ofAlice]);
});

test('L2: on stdout no line is lost when the service is stopped; the banner stays plain', async () => {
  const { app: DATABASE_URL } = await workerDatabase();
  const env = { DATABASE_URL, JWT_SECRET: TEST_SECRET, METRICS_PORT: '0' };
  const service = new Service({ cwd: tmpdir(), env });
  const origin = await service.origin();
  expect(await service.banner()).toMatch(/^Metrics {13}http:\/\/127.0.0.1:\d+\/metrics$/m);
  const client = new ApiClient(origin, await mintToken(testConfig(), newOwner(), 1));
  await atOnce(300, () => client.get('/v1/tasks'));
  expect(await service.stop()).toBe(0);
  expect(service.output.match(/^\{"level":"info",.*"status":200,.*\}$/gm)).toHaveLength(300);
});
