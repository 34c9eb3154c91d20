import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const EXPOSED_HEADERS = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'X-Request-Id',
  'X-Total-Count',
  'Idempotent-Replayed',
];

/**
 * Which origins browsers may call from; before other hooks, whose refusals they are to see too. Who names no origin is told
 * nothing of it, but that it matters (`Vary`). Not by Nest's `enableCors`, which has every header of an answer set twice.
 */
export async function registerCors(fastify: FastifyInstance, origins: string[]): Promise<void> {
  const crossOrigin: FastifyCorsOptions = {
    origin: origins,
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'], // the plugin's own default stops at POST
    credentials: true,
    strictPreflight: false,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  };
  const sameOrigin: FastifyCorsOptions = { origin: false };
  fastify.addHook('onRequest', (_request, reply, done) => {
    void reply.header('Vary', 'Origin');
    done();
  });
  await fastify.register(cors, {
    delegator: ({ headers, method }, done) =>
      done(null, headers.origin === undefined && method !== 'OPTIONS' ? sameOrigin : crossOrigin),
  });
}
