import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OwnerId } from '../auth/owner-id.js';

const SWITCHED = 101;

/** A request that is over. */
export interface Finished {
  requestId: string;
  method: string;
  /** The pattern, such as `/v1/tasks/:id`; `unknown` where no route has the path. */
  route: string;
  /** Undefined where the client hung up before it had the answer; 101 once a socket is over. */
  status: number | undefined;
  /** Milliseconds from the head of the request to the last byte of the answer, or to the hang-up. */
  duration: number;
  owner: OwnerId | undefined;
}

/** Tells of every request once, however it ends. */
export function onFinished(fastify: FastifyInstance, listeners: ((request: Finished) => void)[]): void {
  if (listeners.length === 0) return;

  function tell(request: FastifyRequest, reply: FastifyReply): void {
    const isOver = reply.raw.writableFinished || reply.statusCode === SWITCHED;
    const finished: Finished = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: isOver ? reply.statusCode : undefined,
      duration: reply.elapsedTime,
      owner: request.owner,
    };
    for (const listener of listeners) listener(finished);
  }

  // Not Fastify's onResponse, which does not know of a hang-up; its onRequestAbort knows of one during an upload alone.
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.raw.on('close', () => tell(request, reply));
    done();
  });
}
