import { once } from 'node:events';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { WebSocket } from 'ws';
import { ChatSockets } from '../../src/chat/sockets/chat-sockets.service.js';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { originOf } from '../support/app.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { makeConversation } from '../support/factories.js';
import { says, stalls } from '../support/model-server.js';
import { Page, SocketTransport } from '../support/page.js';
import { handshake, SocketClient, socketUrl, ticketOf } from '../support/socket-client.js';

/** The sockets of the chat themselves: what they take, and how they end. */

let chat: Chat;
let app: NestFastifyApplication;
let person: Person;
let conversation: Conversation;

beforeAll(async () => {
  chat = await Chat.start(2);
  app = chat.apps[0]!;
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
  conversation = await makeConversation(person.client);
});
afterAll(() => chat.stop());

const open = () => SocketClient.open(app, person.client);

describe('frames', () => {
  test('H2: several requests go over one socket, each with its own gap-free sequence', async () => {
    const others = await makeConversation(person.client);
    const [first, second] = [paced('a', 'b'), paced('c', 'd')];
    chat.model.script(first.script, second.script);
    const client = await open();
    client.ask('one', conversation.id);
    await client.until(({ requestId, chunk }) => requestId === 'one' && chunk?.type === 'text-delta');
    client.ask('two', others.id, 'Ho');
    await client.until(({ requestId, chunk }) => requestId === 'two' && chunk?.type === 'text-delta');
    second.rest();
    await client.ended('two');
    expect(client.of('one').at(-1)!.type).toBe('chunk');
    first.rest();
    await client.ended('one');
    for (const request of ['one', 'two']) {
      const [start, ...rest] = client.of(request);
      expect([start!.type, rest.at(-1)!.type]).toEqual(['start', 'end']);
      expect(rest.slice(0, -1).map(({ sequence }) => sequence)).toEqual(rest.slice(0, -1).map((_, i) => i));
    }
    client.socket.terminate();
  });

  test('H2: resuming from a sequence goes on behind it', async () => {
    const { script, rest } = paced('a', 'b');
    chat.model.script(script);
    const client = await open();
    client.ask('one', conversation.id);
    const { sequence } = await client.until(({ chunk }) => chunk?.type === 'text-delta');
    client.say({ type: 'abort', requestId: 'one' });
    client.say({
      type: 'resume',
      requestId: 'two',
      id: conversation.id,
      lastSequence: sequence,
      headers: {},
      body: {},
    });
    await client.until(({ requestId }) => requestId === 'two');
    rest();
    await client.ended('two');
    expect(client.of('two')[1]!.sequence).toBe(sequence! + 1);
    expect(client.of('two').at(-2)!.chunk!.type).toBe('finish'); // the abort has not stopped it
    client.socket.terminate();
  });

  const ask = (more: object) => ({
    type: 'send',
    requestId: 'r',
    id: '0199a5c0-0000-7000-8000-000000000000',
    trigger: 'submit-message',
    messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    ...more,
  });
  const text = (value: unknown) => [{ id: 'm', role: 'user', parts: [{ type: 'text', text: value }] }];

  test.each([
    ask({ id: 'x' }),
    ask({ id: 7 }),
    ask({ trigger: 'x' }),
    ask({ messages: 'x' }),
    ask({ messages: [] }),
    ask({ messages: [null] }),
    ask({ messages: [{ id: 'm', role: 'tool', parts: [] }] }),
    ask({ messages: text(7) }),
    ask({ messages: text(' ') }),
    ask({ messages: text('\0') }),
    ask({ messages: text('x'.repeat(100_001)) }),
    ask({ messages: [{ id: 'm', role: 'user', parts: [{ type: 'file', url: 'data:,' }] }] }),
    ask({ messages: [{ id: 'm', role: 'assistant', parts: [{ type: 'text', text: 'Hi' }] }] }),
    ask({ lastSequence: -1, type: 'resume' }),
    ask({ type: 'dance' }),
    ask({}),
  ])('a frame that is not right is answered with an error, and the socket goes on: %#', async (frame) => {
    const client = await open();
    client.say(frame);
    expect((await client.until(() => true)).type).toBe('error');
    client.say({ type: 'resume', requestId: 'then', id: conversation.id });
    await client.until(({ requestId, type }) => requestId === 'then' && type === 'no-active');
    expect(client.answers).toHaveLength(2);
    client.socket.terminate();
  });

  test.each([
    ['no JSON', '{', 1007],
    ['null', 'null', 1007],
    ['no request', '{"type":"abort"}', 1007],
    ['a long request id', JSON.stringify({ type: 'abort', requestId: 'x'.repeat(65) }), 1007],
    ['bytes', Buffer.from('{}'), 1003],
    ['more than 1 MiB', 'x'.repeat(1024 * 1024 + 1), 1009],
  ])('what is no frame ends the socket: %s', async (_name, data, code) => {
    const client = await open();
    client.socket.send(data);
    expect((await client.closed)[0]).toBe(code);
  });

  test('a socket has at most ten requests at once, and an owner at most twenty sockets', async () => {
    chat.model.otherwise = stalls;
    const client = await open();
    const conversations = await Promise.all(
      Array.from({ length: 11 }, () => makeConversation(person.client)),
    );
    for (const [i, { id }] of conversations.entries()) client.ask(`r${i}`, id);
    const refused = await client.until(({ type }) => type === 'error');
    expect(refused).toMatchObject({ requestId: 'r10', errorText: 'At most 10 requests at once.' });
    const others = await Promise.all(Array.from({ length: 19 }, () => open()));
    expect(await handshake(socketUrl(app, await ticketOf(person.client)))).toEqual([429, 'rate_limited']);
    others[0]!.socket.terminate();
    client.socket.terminate();
    for (const { socket } of others) socket.terminate();
    for (const { id } of conversations) await person.client.post(`/api/chat/${id}/stop`);
  });

  test('every frame counts as a request of its owner', async () => {
    const limited = await chat.another({ RATE_LIMIT: '10' });
    const client = await SocketClient.open(limited, person.client);
    for (let i = 0; i < 12; i++) client.say({ type: 'resume', requestId: `r${i}`, id: conversation.id });
    const refused = await client.until(({ type }) => type === 'error');
    expect(refused.errorText).toMatch(/^Too many requests\. Try again in \d+ seconds\.$/);
    expect(client.answers.filter(({ type }) => type === 'no-active').length).toBeLessThanOrEqual(9);
    client.socket.terminate();
  });
});

describe('ends', () => {
  test('a client that answers no ping is gone, and one that does stays', async () => {
    const [silent, alive] = [await SocketClient.open(app, person.client, { autoPong: false }), await open()];
    const sockets = app.get(ChatSockets);
    const pinged = Promise.all([once(silent.socket, 'ping'), once(alive.socket, 'ping')]);
    sockets.beat();
    await pinged;
    alive.say({ type: 'resume', requestId: 'r', id: conversation.id });
    await alive.until(() => true); // behind its pong
    sockets.beat();
    expect((await silent.closed)[0]).toBe(1006);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    alive.socket.terminate();
  });

  test('H2: an instance that stops sends its clients elsewhere, where the answer goes on', async () => {
    const stopping = await chat.another();
    const { script, rest } = paced('One ', 'answer');
    chat.model.script(script, says('goes on'));
    const transport = new SocketTransport(originOf(stopping), person);
    const page = new Page(conversation.id, transport);
    const sent = page.sendMessage({ text: 'Hi' });
    await page.until(({ text }) => text === 'One ');
    const code = once(transport.sockets[0]!, 'close') as Promise<[CloseEvent]>;
    const closed = stopping.close();
    expect((await code)[0].code).toBe(1001);
    await sent;
    expect([page.status, page.text]).toEqual(['error', 'One ']);
    const elsewhere = new Page(conversation.id, new SocketTransport(originOf(app), person));
    await elsewhere.resumeStream();
    expect(elsewhere.text).toBe('One goes on');
    rest();
    await closed;
    await elsewhere.dispose();
  });
});
