import { Controller, Post } from '@nestjs/common';
import { Owner } from '../../auth/owner.decorator.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { TokenExpiry } from '../../auth/token-expiry.decorator.js';
import { type Retry, RetryKey } from '../../http/retry.js';
import { IssuedTicket } from './socket-ticket.dto.js';
import { SocketTickets } from './socket-tickets.service.js';

@Controller('v1/socket-tickets')
export class SocketTicketsController {
  constructor(private readonly tickets: SocketTickets) {}

  /** Get a ticket for a WebSocket at `/api/chat/socket?ticket=…`: for one handshake within 30 seconds */
  @Post()
  issue(
    @Owner() owner: OwnerId,
    @TokenExpiry() expires: number,
    @RetryKey() retry?: Retry,
  ): Promise<IssuedTicket> {
    return this.tickets.issue(owner, expires, retry);
  }
}
