import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import type { Config } from '../../config/config.js';
import { isListed } from '../../http/allowed-origin.guard.js';
import { Problem } from '../../http/problem.js';
import type { Session } from './chat-socket.js';
import { ChatSockets } from './chat-sockets.service.js';

const PATH = '/api/chat/socket';
const MAX_FRAME = 1024 * 1024; // bytes

/** Nothing else leaves HTTP: whoever asks for another protocol, or elsewhere, is answered in this one. */
export const isSocketHandshake = ({ url = '', headers }: IncomingMessage) =>
  headers.upgrade?.toLowerCase() === 'websocket' && url.split('?', 1)[0] === PATH;

/** Handshakes are requests as others are, with a ticket for a token, until they are accepted. */
export function registerChatSocket(
  app: NestFastifyApplication,
  { corsOrigins }: Config,
  count: Session['count'],
): void {
  const fastify = app.getHttpAdapter().getInstance();
  const sockets = app.get(ChatSockets);
  const heads = new WeakMap<IncomingMessage, Buffer>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
  });
  fastify.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    socket.on('error', () => socket.destroy());
    heads.set(request, head);
    fastify.routing(request, response);
  });
  fastify.route({
    method: 'GET',
    url: PATH,
    exposeHeadRoute: false,
    config: { ticket: true },
    handler: (request, reply) => {
      const { raw, id: requestId, owner, tokenExpires: expires } = request;
      const head = heads.get(raw);
      if (!head) throw new Problem('invalid_request', 'What is here is a WebSocket.');
      if (!isAllowed(request, corsOrigins)) throw new Problem('origin_not_allowed');
      sockets.admit(owner!);
      reply.hijack();
      reply.raw.statusCode = 101;
      server.handleUpgrade(raw, raw.socket, head, (socket) =>
        sockets.open(socket, { owner: owner!, requestId, expires: expires!, count }),
      );
    },
  });
}

/** Browsers name the page that asks, and CORS does not hold for sockets. */
function isAllowed({ headers: { origin, host } }: FastifyRequest, allowed: string[]): boolean {
  return isListed(origin, allowed) || URL.parse(origin!)?.host === host;
}
