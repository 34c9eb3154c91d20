import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mintToken } from '../../src/auth/mint-token.js';
import { type ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { atOnce, makeConversation, makeTask } from '../support/factories.js';
import { parseAnswer } from '../support/raw-http.js';

let app: NestFastifyApplication;
let client: ApiClient;
let owner: string;
let sockets: Socket[];

beforeEach(async () => {
  app = await startApp(testConfig({ DATABASE_POOL_SIZE: '1' })); // whoever holds it, holds all
  owner = newOwner();
  client = await clientOf(app, owner);
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.close();
});

const server = () => app.getHttpServer();

/** A connection on which these bytes were sent. */
async function open(text: string): Promise<Socket> {
  const socket = connect(Number(new URL(originOf(app)).port), '127.0.0.1');
  sockets.push(socket.on('error', () => undefined));
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const head = async (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${await mintToken(testConfig(), owner, 1)}`]
    .concat(headers, '', '')
    .join('\r\n');

/** What came until the server closed the connection. */
async function answer(socket: Socket): Promise<ReturnType<typeof parseAnswer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parseAnswer(Buffer.concat(chunks).toString());
}

const serves = async () => {
  await atOnce(20, () => makeTask(client));
  expect((await client.get('/readyz')).status).toBe(200);
};

const POST = () => head('POST /v1/tasks', 'Content-Type: application/json', 'Content-Length: 10000');

test('U4: clients that send their bodies byte by byte hold nothing, and are cut off by a 408', async () => {
  const slow = await atOnce(20, async () => open(await POST()));
  const trickle = setInterval(() => slow.forEach((socket) => socket.writable && socket.write(' ')), 300);
  await serves();
  clearInterval(trickle); // what is sent to a closed connection would discard the answer
  server().requestTimeout = 500;
  for (const { status, head, body } of await Promise.all(slow.map(answer))) {
    expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({
      status: 408,
      code: 'request_timeout',
    });
    expect(head).toContain('Content-Type: application/problem+json');
    expect(head).toMatch(/^X-Request-Id: .+$/m);
    expect(head).toContain('Connection: close');
  }
});

test('U4: 200 half-sent heads and 200 silent connections hold nothing, and are cut off by a 408', async () => {
  const slow = await atOnce(200, () => open('GET /v1/tasks HTTP/1.1\r\nHost: local'));
  slow.push(...(await atOnce(200, () => open(''))));
  await serves();
  server().headersTimeout = 500;
  const statuses = (await Promise.all(slow.map(answer))).map(({ status }) => status);
  expect(statuses).toEqual(slow.map(() => 408));
});

test('U4: clients that never read their answers hold nothing', async () => {
  const conversation = await makeConversation(client);
  const content = 'x'.repeat(100_000);
  const messages = Array.from({ length: 10 }, () => ({ role: 'user', content }));
  for (let i = 0; i < 10; i++)
    await client.post(`/v1/conversations/${conversation.id}/messages/batch`, { messages });
  const list = await head(`GET /v1/conversations/${conversation.id}/messages?limit=100`);
  const accepted: Socket[] = [];
  server().on('connection', (socket: Socket) => accepted.push(socket));
  await atOnce(2, () => open(list)); // 10 MB each: more than the kernel takes for them
  const stuck = () => accepted.filter(({ writableLength }) => writableLength > 0);
  while (stuck().length < 2) await sleep(5);
  await serves();
  expect(stuck().map(({ timeout }) => timeout)).toEqual([30_000, 30_000]); // then it is destroyed
});

test('U4: the time-outs are set', () => {
  const { requestTimeout, headersTimeout, keepAliveTimeout, timeout } = server();
  expect({ requestTimeout, headersTimeout, keepAliveTimeout, timeout }).toEqual({
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    keepAliveTimeout: 72_000,
    timeout: 0, // a statement that may take minutes is no idle connection
  });
});
