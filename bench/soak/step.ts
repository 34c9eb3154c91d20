import { randomUUID } from 'node:crypto';
import type { Random } from '../support/random.ts';
import type { Call, Outcome } from './client.ts';
import { movesOf, type Owner, type Thing } from './owner.ts';

export interface Context {
  owner: Owner;
  /** Another one. */
  stranger: Owner;
  random: Random;
}

/** One request of the mix and what is to become of it. */
export interface Step {
  /** `GET /v1/tasks` */
  call: string;
  /** JSON, or what is to be sent as it is. */
  body?: object | string;
  headers?: Record<string, string>;
  /** Statuses that are right, seen from when the answer is there. */
  expects(): number[];
  /** What a successful answer shows. */
  shows?: string;
  /** For a public page: who published it. The request has no token then. */
  publisher?: Owner;
  settle?(outcome: Outcome): void;
}

/** `undefined` where the owner has nothing that it could be done with. */
export type Maker = (context: Context) => Step | undefined;

/** These statuses, or 404 where somebody else's request has moved the thing meanwhile. */
export function unlessMoved(thing: Thing, ...statuses: number[]): () => number[] {
  const moves = movesOf(thing);
  return () => (movesOf(thing) === moves ? statuses : [...statuses, 404]);
}

export const exactly =
  (...statuses: number[]) =>
  () =>
    statuses;

const FILLER =
  'The quick brown fox jumps over the lazy dog, and then it asks when to travel to Lisbon. '.repeat(12);

/** Up to 1,000 characters. */
export const filler = (random: Random) => FILLER.slice(0, random.below(1000));

/** A key for every second one: who hangs up on such a request asks again. */
export const perhapsKeyed = (random: Random) =>
  random.chance(0.5) ? { headers: { 'idempotency-key': randomUUID() } } : {};

export const isKeyed = ({ headers }: Step) => headers?.['idempotency-key'] !== undefined;

/** The request itself, as its owner or, for a public page, as nobody. */
export function callOf(owner: Owner, { call, body, headers, publisher }: Step, requestId: string): Call {
  const [method, path] = call.split(' ') as [string, string];
  return {
    method,
    path,
    headers: {
      'x-request-id': requestId,
      ...(!publisher && { authorization: `Bearer ${owner.token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}
