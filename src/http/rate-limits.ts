import { createHmac } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OwnerId } from '../auth/owner-id.js';
import type { Config } from '../config/config.js';
import type { Lookups } from '../database/lookups.js';
import { clientAddress } from './client-address.js';
import { Problem } from './problem.js';
import { RateLimiter, WINDOW } from './rate-limiter.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Health and documentation: those who watch the service must not be refused by it. */
    unlimited?: boolean;
  }
}

/** Milliseconds. Who goes on asking waits, so that a flood is as fast as it has connections and not as fast as it can. */
const REFUSED_AFTER = 200;

type Done = (error?: Error) => void;

/** One limit, and what it says of itself in headers (draft-ietf-httpapi-ratelimit-headers-11). */
class RateLimit {
  private readonly limiter: RateLimiter;
  private readonly policy: string;
  private alone = false;

  constructor(
    private readonly name: string,
    limit: number,
    private readonly key: Buffer,
    lookups: Lookups,
  ) {
    this.policy = `"${name}";q=${limit};w=${WINDOW}`;
    this.limiter = new RateLimiter(limit, (subject, wanted) =>
      lookups.takeLease(this.hash(subject), limit, wanted).then(
        (lease) => {
          this.alone = false;
          return lease;
        },
        (error: unknown) => {
          this.tell(error);
          throw error;
        },
      ),
    );
  }

  count(subject: string, reply: FastifyReply, done: Done): void {
    this.limiter.count(subject, (admitted, left, seconds) => {
      void reply.header('RateLimit-Policy', this.policy);
      void reply.header('RateLimit', `"${this.name}";r=${left};t=${seconds}`);
      if (admitted) return done();
      void reply.header('Retry-After', String(seconds));
      setTimeout(() => done(new Problem('rate_limited')), REFUSED_AFTER);
    });
  }

  /** The same for what has no answer of its own. @throws Problem `rate_limited` */
  admit(subject: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.limiter.count(subject, (admitted, _left, seconds) => {
        if (admitted) return resolve();
        const refusal = new Problem('rate_limited', `Too many requests. Try again in ${seconds} seconds.`);
        setTimeout(() => reject(refusal), REFUSED_AFTER);
      });
    });
  }

  private hash(subject: string): Buffer {
    return createHmac('sha256', this.key).update(`${this.name} ${subject}`).digest();
  }

  /** Once for each outage. */
  private tell(error: unknown): void {
    if (!this.alone) new Logger(RateLimit.name).warn({ event: 'counting alone', limit: this.name, error });
    this.alone = true;
  }
}

/** The limits of the service: of an owner, and of an address without one. */
export class RateLimits {
  private readonly owners: RateLimit;
  private readonly addresses: RateLimit;

  constructor({ RATE_LIMIT, RATE_LIMIT_ANONYMOUS, rateLimitKey }: Config, lookups: Lookups) {
    this.owners = new RateLimit('owner', RATE_LIMIT, rateLimitKey, lookups);
    this.addresses = new RateLimit('anonymous', RATE_LIMIT_ANONYMOUS, rateLimitKey, lookups);
  }

  /** Counts every request behind authentication, before its body is read; to be called after registerAuthentication. */
  register(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (request.owner) this.owners.count(request.owner, reply, done);
      else if (request.routeOptions.config.unlimited) done();
      else this.addresses.count(clientAddress(request), reply, done);
    });
  }

  /** Counts a message of a socket as a request of its owner's. @throws Problem `rate_limited` */
  countMessage = (owner: OwnerId): Promise<void> => this.owners.admit(owner);

  /** Counts a failed authentication. @throws Problem `rate_limited` when the address has had too many */
  countRefusal = (request: FastifyRequest, reply: FastifyReply): Promise<void> =>
    new Promise((resolve, reject) => {
      this.addresses.count(clientAddress(request), reply, (error) => (error ? reject(error) : resolve()));
    });
}
