import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Index, Unique } from 'typeorm';
import { OwnedEntity } from '../../database/owned.entity.js';
import { Timestamp } from '../../database/timestamp.decorator.js';
import { User } from '../../users/user.entity.js';

/** What opens a socket once, in the place of a token. Being used up is being deleted. */
@Entity({ name: 'socket_tickets', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Unique('socket_tickets_hash_key', ['ticketHash'])
@Check('socket_tickets_expires_at_check', `expires_at <= created_at + interval '31 seconds'`)
@Index('socket_tickets_purge_idx', ['expiresAt'])
export class SocketTicket extends OwnedEntity {
  @ApiHideProperty()
  @Column('bytea', { select: false })
  ticketHash: Buffer;

  @Timestamp()
  expiresAt: string;

  /** The socket ends with the token that has asked for it. */
  @Timestamp({ select: false })
  tokenExpiresAt: string;
}
