import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { expiryOf } from './token-verifier.js';

/** When the token of the request is refused from, in milliseconds since the epoch: answers without an end stop there. */
export const TokenExpiry = createParamDecorator((_: unknown, context: ExecutionContext): number =>
  expiryOf(context.switchToHttp().getRequest<FastifyRequest>().raw.rawHeaders),
);
