import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * How long a client may keep a connection, in milliseconds. None of it costs the database anything: a request takes a
 * connection of the pool when it is read whole, and gives it back before its answer is written.
 */
export const TIMEOUTS = {
  requestTimeout: 30_000, // 1 MiB at 300 kbit/s; then 408
  keepAliveTimeout: 72_000, // above the 60 s after which load balancers drop an idle connection themselves
  http: {
    headersTimeout: 10_000, // also for a connection on which nothing comes
    connectionsCheckingInterval: 1000, // how late the two above may come
  },
};
const READ_TIMEOUT = 30_000; // without a byte being taken

/** Ends the connection of a client that does not read its answer; while the answer is made, nothing limits the wait. */
export function registerSlowReaders(fastify: FastifyInstance): void {
  fastify.addHook('onSend', ({ raw }, _reply, payload, done) => {
    if (raw.socket instanceof Socket) raw.socket.setTimeout(READ_TIMEOUT); // `inject` has none
    done(null, payload);
  });
}
