import { byId, el } from './dom.js';

/** @typedef {Error & { passes?: boolean, retryAfter?: number }} MayPass */

const LONGEST = 10; // seconds

/** @type {Set<object>} who waits at the moment */
const waiting = new Set();

/**
 * Asks again while what fails may pass, and says so.
 * @template T
 * @param {() => Promise<T>} request
 * @param {AbortSignal} [signal]
 * @param {MayPass} [lost] what has failed already
 * @returns {Promise<T>}
 */
export async function untilThere(request, signal, lost) {
  const self = {};
  let failure = lost;
  try {
    for (let tries = 0; ; tries += 1) {
      if (failure) {
        waiting.add(self);
        await pause(failure, tries, signal);
      }
      try {
        return await request();
      } catch (error) {
        failure = /** @type {MayPass} */ (error);
        if (!failure.passes || signal?.aborted) throw error;
      }
    }
  } finally {
    waiting.delete(self);
    if (waiting.size === 0) byId('line').replaceChildren();
  }
}

/**
 * Until it is time, the network is back, or the reader does not want to wait.
 * @param {MayPass} failure
 * @param {number} tries
 * @param {AbortSignal | undefined} signal
 */
function pause({ message, retryAfter }, tries, signal) {
  const seconds = retryAfter ?? Math.min(LONGEST, 2 ** tries);
  return new Promise((done) => {
    const timer = setTimeout(done, seconds * 1000);
    const now = () => {
      clearTimeout(timer);
      done(undefined);
    };
    window.addEventListener('online', now, { once: true });
    signal?.addEventListener('abort', now, { once: true });
    const words = `${message} Trying again in ${seconds} s. `;
    byId('line').replaceChildren(words, el('button', { type: 'button', click: now }, 'Try now'));
  });
}
