import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Load } from '../../bench/soak/load.ts';
import { compareStored } from '../../bench/soak/stored.ts';
import { mintToken } from '../../src/auth/mint-token.js';
import { dirtyReleases } from '../../src/database/data-source.js';
import { startApp, testConfig } from '../support/app.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';

/** `npm run soak` in small; docs/reliability.md. */

const OWNERS = 40;
const REQUESTS = 3000;

let app: NestFastifyApplication;
let load: Load;

beforeAll(async () => {
  const config = testConfig({ DATABASE_POOL_SIZE: '5' });
  app = await startApp(config);
  const { port } = app.getHttpServer().address() as AddressInfo;
  load = await Load.of({ port, mint: (owner) => mintToken(config, owner, 1) }, OWNERS, 0.1);
  await load.run(REQUESTS, OWNERS);
  load.close();
  await app.close(); // what clients that hung up had asked for is done then, or never will be
}, 120_000);

test('O5, O8: many owners over few connections, some hanging up, see nothing of one another', () => {
  const { watch, hungUp } = load;
  expect(watch.violations).toEqual([]);
  expect(watch.statuses.get('503')).toBeUndefined();
  expect(hungUp).toBeGreaterThan(REQUESTS / 20);
  expect(watch.seen.marks).toBeGreaterThan(REQUESTS);
});

test('O5: no connection came back inside a transaction', () => {
  expect(dirtyReleases.count).toBe(0);
});

test('M1: what is stored is what was acknowledged, whole and once, and the counters agree with it', async () => {
  const database = await workerDatabase();
  const read = <Row extends object>(sql: string, values: unknown[]) =>
    sqlAsSuperuser<Row>(database, sql, values);
  expect(await compareStored(load.owners, read)).toEqual([]);
});
