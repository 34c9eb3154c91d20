import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createApp } from '../../src/app.js';
import { mintToken } from '../../src/auth/mint-token.js';
import { type Config, loadConfig } from '../../src/config/config.js';
import { type Answer, ApiClient } from './api-client.js';
import { workerDatabase } from './database.js';

export const TEST_SECRET = 'a secret of the tests, longer than 32 bytes';

/** Limits that no other test reaches. */
const UNLIMITED = { RATE_LIMIT: '1000000', RATE_LIMIT_ANONYMOUS: '1000000' };

export const testConfig = (settings: NodeJS.ProcessEnv = {}): Config =>
  loadConfig({ NODE_ENV: 'test', JWT_SECRET: TEST_SECRET, LOG_LEVEL: 'fatal', ...UNLIMITED, ...settings });

/** The real service on the worker's database, as the app's role. */
export async function startApp(
  config: Config = testConfig(),
  databaseUrl?: string,
  log?: Logger,
): Promise<NestFastifyApplication> {
  const app = await createApp(config, databaseUrl ?? (await workerDatabase()).app, log);
  await app.listen(0, '127.0.0.1');
  return app;
}

export const originOf = (app: NestFastifyApplication) =>
  `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

let count = 0;

/** An owner that no other test uses. */
export const newOwner = (name = 'owner') => `${name}-${process.env.JEST_WORKER_ID}-${process.pid}-${++count}`;

export { type Answer, ApiClient };

export const clientOf = async (app: NestFastifyApplication, owner: string) =>
  new ApiClient(originOf(app), await mintToken(testConfig(), owner, 1));
