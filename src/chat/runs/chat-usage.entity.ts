import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { OwnerId } from '../../auth/owner-id.js';
import { User } from '../../users/user.entity.js';

/** What an owner's turns have used, or reserved, in a calendar month of UTC. */
@Entity({ name: 'chat_usage', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Check('chat_usage_check', `turns >= 0 AND tokens >= 0`)
export class ChatUsage {
  @PrimaryColumn('text')
  ownerId: OwnerId;

  /** Its first day. */
  @PrimaryColumn('date')
  month: string;

  @Column('integer')
  turns: number;

  @Column('bigint')
  tokens: string;
}
