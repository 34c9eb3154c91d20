import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Index, VirtualColumn } from 'typeorm';
import { Aide } from '../aides/aide.entity.js';
import { Audited } from '../database/audited.decorator.js';
import { VersionedEntity } from '../database/owned.entity.js';
import { User } from '../users/user.entity.js';
import { Timestamp } from '../database/timestamp.decorator.js';

export const CHANNELS = ['web', 'signal'] as const;
export type Channel = (typeof CHANNELS)[number];

@Audited('conversation')
@Entity({ name: 'conversations', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@ForeignKey(() => Aide, ['ownerId', 'aideId'], ['ownerId', 'id'])
@Check('conversations_channel_check', `channel IN ('web', 'signal')`)
@Check('conversations_title_check', `char_length(title) <= 255`)
@Check(
  'conversations_metadata_check',
  `jsonb_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 16384`,
)
@Check('conversations_count_check', `message_count BETWEEN 0 AND last_seq`)
@Index('conversations_recent_idx', ['ownerId', 'updatedAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('conversations_aide_idx', ['ownerId', 'aideId', 'updatedAt', 'id'])
@Index('conversations_deleted_idx', ['ownerId', 'updatedAt', 'id'], { where: 'deleted_at IS NOT NULL' })
@Index('conversations_purge_idx', ['deletedAt'], { where: 'deleted_at IS NOT NULL' })
export class Conversation extends VersionedEntity {
  /** @example null */
  @Column('uuid', { nullable: true })
  aideId: string | null;

  /** @example 'web' */
  @Column('text', { default: 'web' })
  channel: Channel;

  /** @example 'Trip to Lisbon' */
  @Column('text', { nullable: true })
  title: string | null;

  /** What to show: the title, or "New Conversation" without one.
   * @example 'Trip to Lisbon' */
  @VirtualColumn({ type: 'text', query: (t) => `coalesce(${t}.title, 'New Conversation')` })
  displayTitle: string;

  /** @example { "colour": "blue" } */
  @Column('jsonb', { default: {} })
  metadata: Record<string, unknown>;

  /** Messages that are not deleted.
   * @example 1 */
  @Column('integer', { default: 0 })
  messageCount: number;

  @ApiHideProperty()
  @Column('integer', { default: 0, select: false })
  lastSeq?: number;

  /** Set while the conversation is in the bin. */
  @Timestamp({ nullable: true })
  deletedAt: string | null;
}
