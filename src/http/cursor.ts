import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Keyset } from '../database/page.js';
import { Problem } from './problem.js';

const SIGNATURE = 22; // characters of 6 bits
const UNBOUND = new Set(['cursor', 'limit', 'total']);

/** Cursors: a keyset and its signature, which also covers the owner, the path, the filters and the sort. */
export class CursorCodec {
  private readonly key: string;

  constructor(key: Buffer) {
    this.key = key.toString('base64url');
  }

  encode(request: FastifyRequest, keyset: Keyset): string {
    const payload = Buffer.from(JSON.stringify(keyset)).toString('base64url');
    return `${payload}.${this.sign(request, payload)}`;
  }

  /** @throws Problem `invalid_cursor` for anything but a cursor of this very list */
  decode(request: FastifyRequest, cursor: unknown): Keyset {
    const [payload = '', signature = '', ...rest] = typeof cursor === 'string' ? cursor.split('.') : [];
    const expected = Buffer.from(this.sign(request, payload));
    const given = Buffer.from(signature);
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Problem('invalid_cursor');
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Keyset;
  }

  /** A keyed SHA-3: it needs no HMAC around it (Bertoni et al., "Cryptographic sponge functions", 5.11.2), which costs ten times as much here. */
  private sign(request: FastifyRequest, payload: string): string {
    const query = request.query as Record<string, unknown>;
    const bound = Object.entries(query).filter(([name]) => !UNBOUND.has(name));
    bound.sort(([a], [b]) => (a < b ? -1 : 1));
    const list = JSON.stringify([request.owner, pathOf(request), bound, payload]);
    return hash('sha3-256', this.key + list, 'base64url').slice(0, SIGNATURE);
  }
}

export const pathOf = (request: FastifyRequest) => request.url.split('?', 1)[0]!;

/** Replaces `?cursor=` by the keyset that it stands for, before anything else reads the query. */
export function registerCursors(fastify: FastifyInstance, codec: CursorCodec): void {
  fastify.addHook('preValidation', (request, _reply, done) => {
    const query = request.query as Record<string, unknown>;
    try {
      if (query.cursor !== undefined) query.cursor = codec.decode(request, query.cursor);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}
