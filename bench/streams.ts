import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { ApiClient } from '../test/support/api-client.ts';
import { connected } from './support/database.ts';
import { describeMachine } from './support/machine.ts';
import { startProcess } from './support/process.ts';

/** npm run bench:streams [-- --subscribers 1000]: exit code 1 where they take more memory than TARGET. */
const EACH = 20; // streams of an owner
const TARGET = 75; // MB that the process gains by all of them
const MB = 2 ** 20;

const { values } = parseArgs({ options: { subscribers: { type: 'string', default: '1000' } } });
const owners = Math.ceil(Number(values.subscribers) / EACH);
const agent = new Agent({ maxSockets: Infinity });

const open = (port: number, token: string, path: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    get({ agent, port, host: '127.0.0.1', path, headers }, (stream) => {
      if (stream.statusCode === 200) resolve(stream);
      else reject(new Error(`${stream.statusCode}`));
    }).once('error', reject);
  });

/** Resolves when the event of this version has come. */
const comes = (stream: IncomingMessage, version: number) =>
  new Promise<void>((resolve) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(`id: ${version}\n`)) resolve();
    });
  });

await withThrowawayDatabase(async ({ app, superuser }) => {
  const service = await startProcess(app, { LOG_LEVEL: 'fatal' });
  const followed: { client: ApiClient; path: string; token: string }[] = [];
  for (let n = 0; n < owners; n++) {
    const token = await service.mint(`bench|follower-${n}`);
    const client = new ApiClient(`http://127.0.0.1:${service.port}`, token);
    const { id } = (await client.post('/v1/aides', { title: 'Followed' })).body;
    followed.push({ client, token, path: `/v1/aides/${String(id)}/events` });
  }
  const before = await service.read();
  const streams: IncomingMessage[] = [];
  for (const { token, path } of followed)
    streams.push(
      ...(await Promise.all(Array.from({ length: EACH }, () => open(service.port, token, `${path}/stream`)))),
    );
  const all = Promise.all(streams.map((stream) => comes(stream, 1)));
  await sleep(20_000); // so that every one has been polled for, and had a comment
  const waiting = await service.read();

  const start = performance.now();
  const operations = [{ op: 'add', path: '/a', value: 1 }];
  await Promise.all(
    followed.map(({ client, path }) =>
      client.post(path, { type: 'changed', operations, expectedVersion: 0 }),
    ),
  );
  const appended = performance.now() - start;
  await all;
  const delivered = performance.now() - start;
  const after = await service.read();
  const mb = (bytes: number) => `${(bytes / MB).toFixed(0)} MB`;
  console.log(await connected(superuser, describeMachine));
  console.log(
    `${streams.length} subscribers, ${owners} aides: ${mb(before.rss)} before, ${mb(waiting.rss)} while they wait, ` +
      `${mb(after.rss)} after an event for each (heap ${mb(before.heapUsed)}, ${mb(waiting.heapUsed)}, ${mb(after.heapUsed)}); ` +
      `${owners} events appended in ${appended.toFixed(0)} ms, all received after ${delivered.toFixed(0)} ms`,
  );
  agent.destroy();
  await service.stop();
  if (Math.max(waiting.rss, after.rss) - before.rss > TARGET * MB) process.exitCode = 1;
});
