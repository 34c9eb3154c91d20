import { ApiProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Index, Unique, VirtualColumn } from 'typeorm';
import { Aide } from '../aides/aide.entity.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Audited } from '../database/audited.decorator.js';
import { VersionedEntity } from '../database/owned.entity.js';
import { User } from '../users/user.entity.js';
import { Timestamp } from '../database/timestamp.decorator.js';

/** A phone number that talks to an aide. It counts once its holder has proved it; until then it is a claim. */
@Audited('signal_mapping')
@Entity({ name: 'signal_mappings', schema: 'app' })
@Unique('signal_mappings_phone_number_key', ['ownerId', 'phoneNumber'])
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@ForeignKey(() => Aide, ['ownerId', 'aideId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@ForeignKey(() => Conversation, ['ownerId', 'conversationId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@Check('signal_mappings_phone_number_check', `phone_number ~ '^\\+[1-9][0-9]{6,14}$'`)
@Index('signal_mappings_verified_key', ['phoneNumber'], { unique: true, where: 'verified_at IS NOT NULL' })
@Index('signal_mappings_claims_idx', ['phoneNumber'], { where: 'verified_at IS NULL' })
@Index('signal_mappings_newest_idx', ['ownerId', 'createdAt', 'id'])
@Index('signal_mappings_aide_idx', ['ownerId', 'aideId', 'createdAt', 'id'])
@Index('signal_mappings_conversation_idx', ['ownerId', 'conversationId'])
export class SignalMapping extends VersionedEntity {
  /** @example '+4915112345678' */
  @Column('text')
  phoneNumber: string;

  @Column('uuid')
  aideId: string;

  @Column('uuid')
  conversationId: string;

  /** @example 'pending' */
  @VirtualColumn({
    type: 'text',
    query: (t) => `CASE WHEN ${t}.verified_at IS NULL THEN 'pending' ELSE 'verified' END`,
  })
  status: 'pending' | 'verified';

  @Timestamp({ nullable: true })
  verifiedAt: string | null;

  /** Until when the newest code can prove the number; null where it is verified or has no such code. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  @VirtualColumn({
    type: 'timestamptz',
    query: (t) => `CASE WHEN ${t}.verified_at IS NULL THEN (SELECT max(c.expires_at) FROM app.pairing_codes c
      WHERE c.owner_id = ${t}.owner_id AND c.mapping_id = ${t}.id AND c.expires_at > now()) END`,
  })
  pairingExpiresAt: string | null;
}
