import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { dirtyReleases } from '../../src/database/data-source.js';
import { type ApiClient, clientOf, newOwner, startApp, testConfig } from '../support/app.js';
import { workerDatabase } from '../support/database.js';
import { atOnce, makeTask } from '../support/factories.js';
import { expectUnavailable, recovers } from '../support/load.js';
import { SilentProxy } from '../support/silent-proxy.js';

let proxy: SilentProxy;
let app: NestFastifyApplication;
let client: ApiClient;

beforeAll(async () => {
  let url: string;
  ({ proxy, url } = await SilentProxy.before((await workerDatabase()).app));
  app = await startApp(testConfig({ DATABASE_POOL_SIZE: '4' }), url);
  client = await clientOf(app, newOwner());
});
afterAll(async () => {
  await app.close();
  proxy.close();
});

test('U4: a database whose packets vanish is a 503 and no wait without end, and is found again', async () => {
  await atOnce(4, () => makeTask(client));
  const start = Date.now();
  proxy.fallSilent();
  const writes = atOnce(2, () => client.post('/v1/tasks', { title: 'Buy milk' })); // one statement
  const starts = atOnce(2, () =>
    client.post('/v1/conversations', { firstMessage: { role: 'user', content: 'Hello' } }),
  );
  const waiting = await atOnce(4, () => client.get('/v1/tasks')); // for a connection
  for (const answer of [...waiting, ...(await writes), ...(await starts)]) expectUnavailable(answer);
  expectUnavailable(await client.get('/v1/tasks'), /^database_unavailable$/);
  expect(Date.now() - start).toBeLessThan(20_000); // 7 s for a statement, 3 s for a connection

  proxy.heal();
  await recovers(client);
  expect(dirtyReleases.count).toBe(0);
});
