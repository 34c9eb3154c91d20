import { UnauthorizedException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ownerContext } from './owner-context.js';
import type { OwnerId } from './owner-id.js';
import type { TokenVerifier } from './token-verifier.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication hook, read by the guard. Absent on public routes. */
    owner: OwnerId | undefined;
  }
  interface FastifyContextConfig {
    public?: boolean;
    /** The owner comes with a ticket instead of a token. */
    ticket?: boolean;
  }
}

/** Whose ticket came with the request. @throws UnauthorizedException */
export type TakeTicket = (request: FastifyRequest) => Promise<OwnerId>;

/** Told of every failed authentication; may throw to have something else answered than 401. */
export type OnRefusal = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Authentication comes before anything else of the request is looked at, its body above all; every route, known or
 * not, is closed unless marked public. The owner context is entered after the body, where Fastify keeps it.
 */
export function registerAuthentication(
  fastify: FastifyInstance,
  verifier: TokenVerifier,
  takeTicket: TakeTicket,
  onRefusal: OnRefusal,
): void {
  fastify.decorateRequest('owner', undefined);
  const authenticate = async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      request.owner = request.routeOptions.config.ticket
        ? await takeTicket(request)
        : await verifier.verify(request.raw.rawHeaders);
    } catch (error) {
      if (error instanceof UnauthorizedException) await onRefusal(request, reply);
      throw error;
    }
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    const { public: open, ticket } = request.routeOptions.config;
    if (open) return done();
    if (!ticket) request.owner = verifier.verifiedBefore(request.raw.rawHeaders);
    if (request.owner) return done();
    // oxlint-disable-next-line promise/no-callback-in-promise, promise/prefer-await-to-then -- a hook takes a callback or is async
    authenticate(request, reply).then(() => done(), done);
  });
  fastify.addHook('preHandler', (request, _reply, done) => {
    ownerContext.run({ owner: request.owner, requestId: request.id }, done);
  });
}
