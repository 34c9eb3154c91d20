import { Failure, once } from './api.js';
import { eventsOf } from './events.js';
import { untilThere } from './line.js';

const DONE = '[DONE]';

/**
 * The chunks of a turn, each of them once, over as many connections as it takes.
 * @param {(after: string | undefined) => Promise<Response>} open the stream behind a chunk
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any>}
 */
export async function* chunksOf(open, signal) {
  /** @type {string | undefined} */
  let after;
  /** @type {Failure | undefined} */
  let lost;
  while (!signal.aborted) {
    const response = await untilThere(() => open(after), signal, lost);
    try {
      for await (const { id, data } of eventsOf(response)) {
        if (data === DONE) return;
        after = id;
        yield JSON.parse(data);
      }
    } catch (error) {
      if (error instanceof SyntaxError) throw error;
    }
    lost = new Failure(0, 'The connection is lost.');
  }
}

/**
 * @param {string} path of the turn
 * @param {AbortSignal} signal
 */
export const openAt = (path, signal) => (/** @type {string | undefined} */ after) =>
  once('GET', `${path}/stream`, { headers: after === undefined ? {} : { 'Last-Event-ID': after }, signal });

/**
 * Begins a turn, by a request that is answered with its stream. Sent again it is the same turn; later, its path is asked.
 * @param {string} path of the request
 * @param {{ body: object, headers?: Record<string, string>, signal: AbortSignal, began: (path: string) => void }} options
 */
export function openBy(path, { body, headers = {}, signal, began }) {
  /** @type {string | undefined} */
  let turn;
  return async (/** @type {string | undefined} */ after) => {
    if (turn) return openAt(turn, signal)(after);
    const all = { Accept: 'text/event-stream', ...headers };
    const response = await once('POST', path, { body, headers: all, signal });
    turn = response.headers.get('Location') ?? undefined;
    if (turn) began(turn);
    return response;
  };
}
