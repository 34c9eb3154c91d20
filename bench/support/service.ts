import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '#dist/app.js';
import { mintToken } from '#dist/auth/mint-token.js';
import { loadConfig } from '#dist/config/config.js';

const SECRET = 'a secret of the benchmark, longer than 32 bytes';
/** Of every service that is measured; no limit is to be seen in a figure. */
export const SETTINGS = {
  NODE_ENV: 'test',
  JWT_SECRET: SECRET,
  RATE_LIMIT: '100000000',
  RATE_LIMIT_ANONYMOUS: '100000000',
};
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /** Milliseconds from the first byte sent to the last one received. */
  took: number;
}

export type Service = Awaited<ReturnType<typeof startService>>;

/** Sends one request as an owner, or as nobody, and insists on success. Of a stream, the first events are the answer. */
export type Send = (owner: string | undefined, call: string, body?: object, key?: string) => Promise<Answer>;

/** The real service on a port of its own, and a client of it: one kept connection, one request at a time. */
export async function startService(databaseUrl: string) {
  const config = loadConfig({ ...SETTINGS, LOG_LEVEL: 'error' });
  const app = await createApp(config, databaseUrl);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const tokens = new Map<string, string>();

  const send: Send = async (owner, call, body, key) => {
    if (owner && !tokens.has(owner)) tokens.set(owner, await mintToken(config, owner));
    const [method, path] = call.split(' ', 2);
    const text = body && JSON.stringify(body);
    const headers = {
      ...(owner && { authorization: `Bearer ${tokens.get(owner)}` }),
      ...(text && { 'content-type': 'application/json' }),
      ...(key && { 'idempotency-key': key }),
    };
    return new Promise((resolve, reject) => {
      const start = performance.now();
      request({ agent, port, host: '127.0.0.1', method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if (chunk.includes('\nevent: ')) response.destroy();
        });
        response.on('close', () => {
          const took = performance.now() - start;
          const status = response.statusCode!;
          const answer = Buffer.concat(chunks).toString();
          if (status < 300) resolve({ status, body: parse(answer), took });
          else reject(new Error(`${call}: ${status} ${answer}`));
        });
      })
        .once('error', reject)
        .end(text);
    });
  };
  const close = async () => {
    agent.destroy();
    await app.close();
  };
  return { app, send, close };
}

const parse = (text: string) => (text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {});

/** What the call asks for, whoever's: `GET /v1/tasks/{id}`. */
export const templateOf = (call: string) =>
  call
    .replaceAll(UUID, '{id}')
    .replace(/events\/\d+/, 'events/{version}')
    .replace('turns/{id}', 'turns/{turnId}')
    .replace(/cursor=[^&]+/, 'cursor=…')
    .replaceAll(/\d{4}-\d\d-\d\dT[^&]+/g, '{instant}')
    .replace(/(public\/aides|GET \/a)\/[^?]+/, '$1/{slug}');
