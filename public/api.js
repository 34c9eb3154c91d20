import { untilThere } from './line.js';
import { token } from './session.js';

/** A request that was not done: `status` is 0 where no answer came. */
export class Failure extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {string} [code]
   * @param {number} [retryAfter] seconds
   */
  constructor(status, message, code, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed in a while. */
  get passes() {
    return [0, 429, 503].includes(this.status) || this.code === 'idempotency_in_progress';
  }
}

/** @param {Response} response */
async function failureOf(response) {
  const { detail, code, errors } = await response.json().catch(() => ({}));
  const words = errors?.map(
    (/** @type {{ pointer: string, detail: string }} */ one) => `${one.pointer} ${one.detail}`,
  );
  const seconds = Number(response.headers.get('Retry-After') ?? 0) || undefined;
  return new Failure(
    response.status,
    words?.join('; ') ?? detail ?? `Error ${response.status}.`,
    code,
    seconds,
  );
}

/**
 * One request, as the owner who is signed in.
 * @param {string} method
 * @param {string} path
 * @param {{ body?: object, headers?: Record<string, string>, signal?: AbortSignal }} [options]
 */
export async function once(method, path, { body, headers = {}, signal } = {}) {
  const all = new Headers(headers);
  if (token()) all.set('Authorization', `Bearer ${token()}`);
  if (body) all.set('Content-Type', 'application/json');
  const init = { method, headers: all, body: body && JSON.stringify(body), signal };
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Failure(0, 'The connection is lost.');
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

/**
 * The same, again and again while the way there is closed. Only for what may be done twice.
 * @type {typeof once}
 */
export const send = (method, path, options = {}) =>
  untilThere(() => once(method, path, options), options.signal);

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export const get = async (path, signal) => (await send('GET', path, { signal })).json();

/**
 * Creates something, once.
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} [signal]
 */
export async function create(path, body, signal) {
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  return (await send('POST', path, { body, headers, signal })).json();
}
