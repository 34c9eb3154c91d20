import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import canonicalize from 'canonicalize';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalid, Problem } from './problem.js';

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/** A request that its client may send again: the same key is the same request, whatever happened to the first answer. */
export class Retry {
  constructor(
    readonly key: string,
    /** SHA-256 of method, address and body; the body in canonical form (RFC 8785). */
    readonly hash: Buffer,
    private readonly reply: FastifyReply,
  ) {}

  /**
   * To be called before the first answer is given again.
   * @throws Problem where the first request was another one
   */
  repeats(hash: Buffer): void {
    if (!this.hash.equals(hash)) throw new Problem('idempotency_key_reused');
    void this.reply.header('Idempotent-Replayed', 'true');
  }
}

/**
 * What the Idempotency-Key header makes of a request; undefined without one.
 * @throws Problem where the key is not 1 to 255 visible ASCII characters
 */
export function retryOf(request: FastifyRequest, reply: FastifyReply): Retry | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !VISIBLE.test(key))
    throw invalid('/Idempotency-Key', 'idempotencyKey', 'must be 1 to 255 visible ASCII characters');
  const { method, url, body = null } = request;
  const hash = createHash('sha256')
    .update(canonicalize([method, url, body])!)
    .digest();
  return new Retry(key, hash, reply);
}

/** Marks a handler that remembers keys itself. */
export const REMEMBERS = 'http:remembers-retries';

/** The request's {@link Retry}, for a handler that stores the key with what it makes. */
export const RetryKey = createParamDecorator(
  (_: unknown, context: ExecutionContext): Retry | undefined => {
    const http = context.switchToHttp();
    return retryOf(http.getRequest(), http.getResponse());
  },
  [
    (controller, method) => {
      SetMetadata(REMEMBERS, true)(
        controller,
        method!,
        Object.getOwnPropertyDescriptor(controller, method!)!,
      );
    },
  ],
);
