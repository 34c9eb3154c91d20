import type { Socket } from 'node:net';

/**
 * Milliseconds without a byte of an answer; above the server's own limit (statement_timeout, roles.ts), which does not
 * help when packets vanish: TCP itself would go on for a quarter of an hour.
 */
export const PATIENCE = 7000;
const LOOK = 500; // milliseconds

type Waiting = { patience: number; readyForQuery: boolean; connection: { stream: Socket } };

/**
 * Ends the connection, and with it what waits on it, when an answer does not come. Once for each new connection, which is
 * looked at from then on: a timer for each statement would cost more than most of what is done for one.
 */
export function endUnanswered(client: { patience: number }): void {
  const waiting = client as Waiting;
  const { stream } = waiting.connection;
  let read = 0; // bytes
  let quiet = 0; // milliseconds, counted in looks: a process that did not run has not waited
  const look = () => {
    const answers = waiting.readyForQuery || stream.bytesRead > read;
    read = stream.bytesRead;
    quiet = answers ? 0 : quiet + LOOK;
    // Destroyed, not only given up: an answer that came late would be taken for the next statement's.
    if (quiet >= waiting.patience) stream.destroy(unanswered());
    else if (!stream.destroyed) setTimeout(look, LOOK).unref();
  };
  setTimeout(look, LOOK).unref();
}

const unanswered = () => Object.assign(new Error('the database does not answer'), { code: 'ETIMEDOUT' });
