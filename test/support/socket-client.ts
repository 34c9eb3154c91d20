import { once } from 'node:events';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { WebSocket } from 'ws';
import type { ApiClient } from './api-client.js';
import { originOf } from './app.js';

export interface Ticket {
  ticket: string;
  expiresAt: string;
}

export const ticketOf = async (client: ApiClient) =>
  (await client.post<Ticket>('/v1/socket-tickets')).body.ticket;

export const socketUrl = (app: NestFastifyApplication, ticket: string) =>
  `${originOf(app).replace('http', 'ws')}/api/chat/socket?ticket=${ticket}`;

/** What a handshake is answered with: the status, and the code where it is a problem. */
export async function handshake(url: string, options: object = {}): Promise<[number, string?]> {
  const socket = new WebSocket(url, options);
  return new Promise((done) => {
    socket.once('open', () => {
      socket.terminate();
      done([101]);
    });
    socket.once('unexpected-response', (_request, answer) => {
      let text = '';
      answer.on('data', (data: Buffer) => (text += data.toString()));
      answer.once('end', () => done([answer.statusCode!, (JSON.parse(text) as { code: string }).code]));
    });
  });
}

export type Answer = {
  type: string;
  requestId: string;
  sequence?: number;
  errorText?: string;
  chunk?: { type: string };
};

/** A client of the chat's socket that says whatever it wants. */
export class SocketClient {
  readonly answers: Answer[] = [];
  readonly closed: Promise<[number, string]>;
  private wake = () => undefined as void;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.answers.push(JSON.parse(data.toString()) as Answer);
      this.wake();
    });
    this.closed = new Promise((done) =>
      socket.once('close', (code, reason: Buffer) => done([code, reason.toString()])),
    );
  }

  static async open(
    app: NestFastifyApplication,
    client: ApiClient,
    options: object = {},
  ): Promise<SocketClient> {
    const opened = new SocketClient(new WebSocket(socketUrl(app, await ticketOf(client)), options));
    await once(opened.socket, 'open');
    return opened;
  }

  say(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  ask(requestId: string, id: string, text = 'Hi'): void {
    const messages = [{ id: `message ${requestId}`, role: 'user', parts: [{ type: 'text', text }] }];
    this.say({ type: 'send', requestId, id, trigger: 'submit-message', messages, headers: {}, body: {} });
  }

  /** The first answer that fits, once it is there. */
  async until(fits: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const found = this.answers.find(fits);
      if (found) return found;
      await new Promise<void>((done) => (this.wake = done));
    }
  }

  readonly of = (requestId: string) => this.answers.filter((answer) => answer.requestId === requestId);

  readonly ended = (requestId: string) =>
    this.until((answer) => answer.requestId === requestId && answer.type === 'end');
}
