import type { Socket } from 'node:net';

/**
 * Milliseconds without a byte of an answer; above the server's own limit (statement_timeout, roles.ts), which does not
 * help when packets vanish: TCP itself would go on for a quarter of an hour.
 */
export const PATIENCE = 7000;

const streamOf = (client: object) => (client as { connection: { stream: Socket } }).connection.stream;

/** Starts the wait for an answer of the client's server. */
export const awaitAnswer = (client: { patience: number }) => streamOf(client).setTimeout(client.patience);

/** Ends the connection, and with it what waits on it, when an answer does not come. Once for each new connection. */
export function endUnanswered(client: NodeJS.EventEmitter): void {
  const stream = streamOf(client);
  // Destroyed, not only given up: an answer that came late would be taken for the next statement's.
  stream.on('timeout', () => stream.destroy(unanswered()));
  client.on('drain', () => stream.setTimeout(0)); // nothing is asked any more
}

const unanswered = () => Object.assign(new Error('the database does not answer'), { code: 'ETIMEDOUT' });
