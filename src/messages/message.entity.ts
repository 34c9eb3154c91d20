import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Index, Unique, VirtualColumn } from 'typeorm';
import { Conversation } from '../conversations/conversation.entity.js';
import { OwnedEntity } from '../database/owned.entity.js';
import type { ToolCall } from '../tool-calls/tool-call.entity.js';
import { Timestamp } from '../database/timestamp.decorator.js';

export const ROLES = ['user', 'assistant', 'system'] as const;
export type Role = (typeof ROLES)[number];
/** Code points of a content. */
export const MAX_CONTENT = 100_000;

/** Immutable: the app's role may change nothing of it but the mark of deletion. */
@Entity({ name: 'messages', schema: 'app' })
@Unique('messages_id_key', ['ownerId', 'conversationId', 'id'])
@Unique('messages_seq_key', ['ownerId', 'conversationId', 'seq'])
@ForeignKey(() => Conversation, ['ownerId', 'conversationId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@ForeignKey(() => Message, ['ownerId', 'conversationId', 'parentId'], ['ownerId', 'conversationId', 'id'])
@Check('messages_role_check', `role IN ('user', 'assistant', 'system')`)
@Check(
  'messages_content_check',
  `char_length(content) <= ${MAX_CONTENT}
    AND (content <> '' OR has_tool_calls) AND (role = 'assistant' OR NOT has_tool_calls)`,
)
@Check(
  'messages_metadata_check',
  `jsonb_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 16384`,
)
@Check('messages_tokens_used_check', `tokens_used >= 0`)
@Check('messages_seq_check', `seq >= 1`)
@Index('messages_newest_idx', ['ownerId', 'createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('messages_role_idx', ['ownerId', 'role', 'createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('messages_parent_idx', ['ownerId', 'conversationId', 'parentId'], { where: 'parent_id IS NOT NULL' })
@Index('messages_idempotency_key', ['ownerId', 'idempotencyKey'], {
  unique: true,
  where: 'idempotency_key IS NOT NULL',
})
@Index('messages_purge_idx', ['deletedAt'], { where: 'deleted_at IS NOT NULL' })
export class Message extends OwnedEntity {
  @Column('uuid')
  conversationId: string;

  /** Place in the conversation, from 1 without gaps, in the order of appending.
   * @example 1 */
  @Column('integer')
  seq: number;

  /** @example 'user' */
  @Column('text')
  role: Role;

  /** @example 'When is the best time to visit Lisbon?' */
  @Column('text')
  content: string;

  /** @example {} */
  @Column('jsonb', { default: {} })
  metadata: Record<string, unknown>;

  /** @example 12 */
  @Column('integer', { nullable: true })
  tokensUsed: number | null;

  /** The message that this one replies to, in the same conversation.
   * @example null */
  @Column('uuid', { nullable: true })
  parentId: string | null;

  /** Whether it was appended with tool calls, so that its content may be empty. */
  @ApiHideProperty()
  @Column('boolean', { default: false, select: false })
  hasToolCalls?: boolean;

  @ApiHideProperty()
  @Timestamp({ nullable: true, select: false })
  deletedAt?: string | null;

  /** Of the request that appended it; on the first of its messages. */
  @ApiHideProperty()
  @Column('text', { nullable: true, select: false })
  idempotencyKey?: string | null;

  @ApiHideProperty()
  @Column('bytea', { nullable: true, select: false })
  requestHash?: Buffer | null;

  /** Always 1: a message never changes. */
  @VirtualColumn({ type: 'integer', query: () => '1' })
  version: number;

  /** Only with `include=toolCalls`. */
  toolCalls?: ToolCall[];
}
