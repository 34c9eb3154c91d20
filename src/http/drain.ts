import type { FastifyInstance } from 'fastify';

const SWEEP = 250; // milliseconds
const DEADLINE = 5000; // milliseconds

/** On close, requests in flight are answered; idle connections end at once, and whatever is left at a deadline. */
export function registerDrain(fastify: FastifyInstance): void {
  fastify.addHook('preClose', (done) => {
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
}
