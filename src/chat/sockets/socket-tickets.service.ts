import { createHash, createHmac } from 'node:crypto';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { OwnerId } from '../../auth/owner-id.js';
import { Config } from '../../config/config.js';
import { InjectOwned } from '../../database/database.module.js';
import { Lookups } from '../../database/lookups.js';
import { newId } from '../../database/new-id.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import sql from '../../database/sql.js';
import { Idempotency } from '../../http/idempotency.js';
import type { Retry } from '../../http/retry.js';
import type { IssuedTicket } from './socket-ticket.dto.js';
import { SocketTicket } from './socket-ticket.entity.js';

const LIFETIME = 30; // seconds
const TICKET = /^[A-Za-z0-9_-]{43}$/;

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a request with a ticket: when the token behind it is refused from, in milliseconds since the epoch. */
    tokenExpires?: number;
  }
}

/** Tickets of sockets: a page cannot send a header with a handshake, and a token does not belong into an address. */
@Injectable()
export class SocketTickets {
  constructor(
    @InjectOwned(SocketTicket) private readonly tickets: OwnedRepository<SocketTicket>,
    private readonly lookups: Lookups,
    private readonly idempotency: Idempotency,
    private readonly config: Config,
  ) {}

  /** A retry is answered with the same ticket, which is stored nowhere: it follows from the id. */
  async issue(owner: OwnerId, tokenExpires: number, retry?: Retry): Promise<IssuedTicket> {
    const store = () => {
      const id = newId();
      return this.tickets.insert(owner, {
        id,
        ticketHash: hashOf(this.ticketOf(id)),
        expiresAt: sql`now() + make_interval(secs => ${LIFETIME})`,
        tokenExpiresAt: new Date(tokenExpires).toISOString(),
      });
    };
    const { id, expiresAt } = await (retry ? this.idempotency.once(owner, retry, store) : store());
    return { ticket: this.ticketOf(id), expiresAt };
  }

  /** Uses up the ticket of a handshake. @throws UnauthorizedException whatever is wrong with it */
  take = async (request: FastifyRequest): Promise<OwnerId> => {
    const { ticket } = request.query as { ticket?: unknown };
    const found =
      typeof ticket === 'string' && TICKET.test(ticket)
        ? await this.lookups.takeSocketTicket(hashOf(ticket))
        : undefined;
    if (!found) throw new UnauthorizedException();
    request.tokenExpires = found.expires;
    return found.owner;
  };

  private ticketOf(id: string): string {
    return createHmac('sha256', this.config.ticketKey).update(id).digest('base64url');
  }
}

const hashOf = (ticket: string) => createHash('sha256').update(ticket).digest();
