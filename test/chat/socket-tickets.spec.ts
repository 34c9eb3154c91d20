import { once } from 'node:events';
import { connect } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { WebSocket } from 'ws';
import { originOf, startApp, testConfig } from '../support/app.js';
import { Chat, type Person } from '../support/chat.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { Lines } from '../support/lines.js';
import { handshake, socketUrl, type Ticket, ticketOf } from '../support/socket-client.js';
import { claims, forge, inSeconds } from '../support/tokens.js';

/** Who may open a socket of the chat. */

let chat: Chat;
let app: NestFastifyApplication;
let person: Person;

beforeAll(async () => {
  chat = await Chat.start(2);
  app = chat.apps[0]!;
});
beforeEach(async () => {
  person = await chat.newcomer();
});
afterAll(() => chat.stop());

const addressOf = (ticket: string, at = app) => socketUrl(at, ticket);
const newTicket = () => ticketOf(person.client);

describe('tickets', () => {
  test('O3: a ticket opens one socket, once, on any instance', async () => {
    const { status, body } = await person.client.post<Ticket>('/v1/socket-tickets');
    expect([status, Object.keys(body)]).toEqual([201, ['ticket', 'expiresAt']]);
    const left = Date.parse(body.expiresAt) - Date.now();
    expect(left > 0 && left <= 30_500).toBe(true);
    expect(await handshake(addressOf(body.ticket, chat.apps[1]))).toEqual([101]);
    expect(await handshake(addressOf(body.ticket))).toEqual([401, 'unauthenticated']);
  });

  test('O3: of ten who come with the same ticket at once, one gets in', async () => {
    const ticket = await newTicket();
    const statuses = await Promise.all(
      Array.from({ length: 10 }, (_, i) => handshake(addressOf(ticket, chat.apps[i % 2]))),
    );
    expect(statuses.filter(([status]) => status === 101)).toHaveLength(1);
  });

  test('O3: it is stored as a hash, and lasts 30 seconds', async () => {
    const ticket = await newTicket();
    const database = await workerDatabase();
    const rows = await sqlAsSuperuser<object>(
      database,
      `SELECT * FROM app.socket_tickets WHERE owner_id = '${person.owner}'`,
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(ticket);
    await sqlAsSuperuser(
      database,
      `UPDATE app.socket_tickets SET expires_at = now() WHERE owner_id = '${person.owner}'`,
    );
    expect(await handshake(addressOf(ticket))).toEqual([401, 'unauthenticated']);
  });

  test.each(['', 'x', 'a'.repeat(43), 'a'.repeat(10_000), '%00', `${'a'.repeat(43)}&ticket=b`])(
    'O3: no other ticket opens one: %#',
    async (ticket) => expect(await handshake(addressOf(ticket))).toEqual([401, 'unauthenticated']),
  );

  test('O3: a token does not', async () => {
    const headers = { authorization: `Bearer ${person.token}` };
    expect((await fetch(`${originOf(chat.apps[0]!)}/v1/me`, { headers })).status).toBe(200); // it is known
    expect(await handshake(addressOf('x'), { headers })).toEqual([401, 'unauthenticated']);
  });

  test('O3: a page of another origin opens none, one of the configured origins or of the service itself does', async () => {
    const from = async (origin: string) => handshake(addressOf(await newTicket()), { origin });
    expect(await from('https://evil.example')).toEqual([403, 'origin_not_allowed']);
    expect(await from('null')).toEqual([403, 'origin_not_allowed']);
    expect(await from('http://localhost:3000')).toEqual([101]);
    expect(await from(originOf(app))).toEqual([101]);
  });

  test('O3: the log has the handshake, and not the ticket', async () => {
    const lines = new Lines('info');
    const logging = await startApp(testConfig(), undefined, lines.log);
    const ticket = await newTicket();
    await handshake(addressOf(ticket, logging));
    await handshake(addressOf(ticket, logging));
    const requests = await lines.until(2, ({ route }) => route === '/api/chat/socket');
    expect(new Set(requests.map(({ status }) => status))).toEqual(new Set([101, 401]));
    expect(lines.texts.join('')).not.toContain(ticket);
    await logging.close();
  });
});

describe('other handshakes', () => {
  test('a WebSocket elsewhere, and another protocol, are answered in HTTP', async () => {
    const { port } = new URL(originOf(app));
    const ask = async (path: string, upgrade: string) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.end(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      let text = '';
      for await (const data of socket) text += String(data);
      return text.split('\r\n', 1)[0];
    };
    expect(await ask('/livez', 'h2c')).toBe('HTTP/1.1 200 OK');
    expect(await ask('/livez', 'websocket')).toBe('HTTP/1.1 200 OK');
    expect(await ask('/v1/me', 'websocket')).toBe('HTTP/1.1 401 Unauthorized');
    expect(await ask('/api/chat/socket', 'h2c')).toBe('HTTP/1.1 401 Unauthorized');
  });

  test('without a handshake there is no socket, and with another method nothing', async () => {
    const { client } = person;
    const asked = await client.get<{ code: string }>(`/api/chat/socket?ticket=${await newTicket()}`);
    expect([asked.status, asked.body.code]).toEqual([400, 'invalid_request']);
    const posted = await client.post<{ code: string }>(`/api/chat/socket?ticket=${await newTicket()}`);
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
  });

  test('a handshake that is none of RFC 6455 is refused', async () => {
    const { port } = new URL(originOf(app));
    const socket = connect(Number(port), '127.0.0.1');
    const path = `/api/chat/socket?ticket=${await newTicket()}`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    let text = '';
    for await (const data of socket) text += String(data);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('O3: a socket ends when the token does that asked for its ticket', async () => {
  const token = forge({ payload: claims({ sub: person.owner, exp: inSeconds(-28) }) }); // 30 seconds are tolerated
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${originOf(app)}/v1/socket-tickets`, { method: 'POST', headers });
  const socket = new WebSocket(addressOf(((await answer.json()) as Ticket).ticket));
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([1008, 'The token has expired.']);
});
