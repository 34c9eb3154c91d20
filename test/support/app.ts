import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createApp } from '../../src/app.js';
import { mintToken } from '../../src/auth/mint-token.js';
import { type Config, loadConfig } from '../../src/config/config.js';
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

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

/** A client of the running service over HTTP, as one owner or, without a token, as nobody. */
export class ApiClient {
  constructor(
    private readonly origin: string,
    private readonly token?: string,
  ) {}

  async send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const answer = await fetch(this.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? (body as string) : JSON.stringify(body),
    });
    const text = await answer.text();
    const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
    return { status: answer.status, headers: answer.headers, body: parsed as Body, text };
  }

  get = <Body = Record<string, unknown>>(path: string, headers?: Record<string, string>) =>
    this.send<Body>('GET', path, undefined, headers);
  post = <Body = Record<string, unknown>>(path: string, body?: unknown, headers?: Record<string, string>) =>
    this.send<Body>('POST', path, body, headers);
  patch = <Body = Record<string, unknown>>(path: string, body: unknown, headers?: Record<string, string>) =>
    this.send<Body>('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.send('DELETE', path, undefined, headers);
}

export const clientOf = async (app: NestFastifyApplication, owner: string) =>
  new ApiClient(originOf(app), await mintToken(testConfig(), owner, 1));
