import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalid } from './problem.js';

/** The id of the last event that a client of an event stream has (HTML, 9.2.4), a whole number; undefined without one. */
export const LastEventId = createParamDecorator(
  (_: unknown, context: ExecutionContext): number | undefined => {
    const id = context.switchToHttp().getRequest<FastifyRequest>().headers['last-event-id'];
    if (id === undefined || id === '') return undefined;
    if (typeof id === 'string' && /^\d{1,9}$/.test(id)) return Number(id);
    throw invalid('/Last-Event-ID', 'version', 'must be the id of an event of this stream');
  },
);
