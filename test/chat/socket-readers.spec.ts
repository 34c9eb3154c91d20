import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { OwnerId } from '../../src/auth/owner-id.js';
import { ChatSocket } from '../../src/chat/sockets/chat-socket.js';
import type { ChatServices } from '../../src/chat/sockets/chat-socket.js';

const SIZE = 50_000;

/** A stream without an end, and how far it was read. */
function endless() {
  let wake = () => undefined as void;
  const log = { reads: 0, more: () => new Promise<void>((done) => (wake = done)) };
  const delta = 'x'.repeat(SIZE);
  async function* follow() {
    for (;;) {
      wake();
      yield await Promise.resolve({ id: log.reads++, data: { type: 'text-delta', id: 't', delta } });
    }
  }
  const services = {
    chats: { current: () => Promise.resolve({ owner: 'o', runId: 'r' }) },
    streams: { follow },
    report: () => undefined,
  };
  return { log, services: services as unknown as ChatServices };
}

/** Resolves with the number of reads, once nothing more is read. */
async function standstill(log: { reads: number }): Promise<number> {
  for (;;) {
    const before = log.reads;
    for (let i = 0; i < 1000; i++) await new Promise((done) => setImmediate(done));
    if (before > 0 && before === log.reads) return before;
  }
}

test('H2: nothing is read ahead of a client that does not read', async () => {
  const { log, services } = endless();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [served] = (await once(server, 'connection')) as [WebSocket];
  const session = {
    owner: 'o' as OwnerId,
    requestId: 'r',
    expires: Date.now() + 60_000,
    count: () => Promise.resolve(),
  };
  const chat = new ChatSocket(served, session, services);
  await once(client, 'open');
  client.pause();
  client.send(JSON.stringify({ type: 'resume', requestId: 'r', id: '0199a5c0-0000-7000-8000-000000000000' }));
  const most = await standstill(log);
  expect(served.bufferedAmount).toBeGreaterThan(0); // the network is full
  expect(served.bufferedAmount).toBeLessThan(256 * 1024 + 3 * SIZE);
  const more = log.more();
  client.resume();
  await more;
  expect(log.reads).toBeGreaterThan(most);
  const closed = chat.close(1001, '');
  client.terminate();
  await closed;
  server.close();
});
