import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

const SWEEP = 250; // milliseconds
const DEADLINE = 5000; // milliseconds

/**
 * On close, requests in flight are answered and new ones refused; idle connections end at once, those that were busy with
 * their answer, and whatever is left at a deadline.
 */
export function registerDrain(fastify: FastifyInstance): void {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    const { server } = fastify;
    if (!server.listening) return done();
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP);
    const deadline = setTimeout(() => server.closeAllConnections(), DEADLINE);
    server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(deadline);
    });
    done();
  });
  fastify.addHook('onRequest', (_request, _reply, done) =>
    done(closing ? new Problem('shutting_down') : undefined),
  );
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('Connection', 'close');
    done(null, payload);
  });
}
