import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds; each further pause is twice as long. */
const FIRST_PAUSE = 2000;
/** Milliseconds. An owner who looks on waits no longer for what a server wants. */
const LONGEST_PAUSE = 10_000;

/**
 * A `fetch` that asks an overloaded, failing or unreachable server again: after as long as its `Retry-After` says (RFC 9110,
 * 10.2.3), which may be 10 seconds at most. Its last answer, or what it last failed with, is the caller's.
 */
export const patientFetch =
  (retries: number): typeof fetch =>
  async (input, init) => {
    for (let attempt = 0; ; attempt++) {
      const last = attempt === retries;
      const pause = FIRST_PAUSE * 2 ** attempt;
      const response = await fetch(input, init).catch((error: unknown) => {
        init?.signal?.throwIfAborted();
        if (last) throw error;
      });
      const wait = (response && waitOf(response)) ?? pause;
      if (response && (last || !isPassing(response) || wait > LONGEST_PAUSE)) return response;
      await response?.body?.cancel();
      await sleep(wait, undefined, { signal: init?.signal ?? undefined });
    }
  };

/** A success never; nor what the server will say again. */
const isPassing = ({ status }: Response) => status >= 500 || [408, 409, 429].includes(status);

/** Milliseconds; undefined where there is no such header, or it is neither a number nor a date to come. */
function waitOf({ headers }: Response): number | undefined {
  const header = headers.get('retry-after');
  if (header === null) return undefined;
  const wait = Number.isNaN(Number(header)) ? Date.parse(header) - Date.now() : Number(header) * 1000;
  return wait >= 0 ? wait : undefined;
}
