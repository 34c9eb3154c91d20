import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Index } from 'typeorm';
import { VersionedEntity } from '../../database/owned.entity.js';
import { Timestamp } from '../../database/timestamp.decorator.js';
import { Message } from '../../messages/message.entity.js';

export const TRIGGERS = ['submit', 'regenerate', 'approval'] as const;
export type Trigger = (typeof TRIGGERS)[number];
export const RUN_STATUSES = ['queued', 'running', 'waiting', 'finished', 'stopped', 'failed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/**
 * A turn of a chat: one message of the owner's, and what the assistant says and does about it. An instance does it while it
 * holds its lease; `attempt` tells one holder from the next.
 */
@Entity({ name: 'runs', schema: 'app' })
@ForeignKey(
  () => Message,
  ['ownerId', 'conversationId', 'userMessageId'],
  ['ownerId', 'conversationId', 'id'],
  {
    onDelete: 'CASCADE',
  },
)
@ForeignKey(() => Run, ['ownerId', 'continuesId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@Check('runs_trigger_check', `trigger IN ('submit', 'regenerate', 'approval')`)
@Check('runs_status_check', `status IN ('queued', 'running', 'waiting', 'finished', 'stopped', 'failed')`)
@Check('runs_lease_check', `(status = 'running') = (lease_until IS NOT NULL)`)
@Check('runs_error_check', `(status = 'failed') = (error_code IS NOT NULL)`)
@Check('runs_client_message_id_check', `char_length(client_message_id) BETWEEN 1 AND 255`)
@Check('runs_counts_check', `step_seq BETWEEN 0 AND chunk_count AND steps >= 0 AND tokens >= 0`)
@Index('runs_newest_idx', ['ownerId', 'conversationId', 'createdAt', 'id'])
@Index('runs_running_key', ['ownerId', 'conversationId'], { unique: true, where: `status = 'running'` })
@Index('runs_client_message_id_key', ['ownerId', 'conversationId', 'clientMessageId'], {
  unique: true,
  where: 'client_message_id IS NOT NULL',
})
@Index('runs_idempotency_key', ['ownerId', 'idempotencyKey'], {
  unique: true,
  where: 'idempotency_key IS NOT NULL',
})
@Index('runs_continues_id_key', ['ownerId', 'continuesId'], {
  unique: true,
  where: 'continues_id IS NOT NULL',
})
export class Run extends VersionedEntity {
  @Column('uuid')
  conversationId: string;

  /** The message that is answered; the messages of the answer reply to it. */
  @Column('uuid')
  userMessageId: string;

  /** Of the answer in the stream; the same for a turn that goes on after an approval. */
  @Column('uuid')
  answerId: string;

  /** The turn that waited for the decision with which this one goes on.
   * @example null */
  @Column('uuid', { nullable: true })
  continuesId: string | null;

  /** @example 'HGuLpdJVYKNqZJHd' */
  @Column('text', { nullable: true })
  clientMessageId: string | null;

  /** @example 'submit' */
  @Column('text')
  trigger: Trigger;

  /** `waiting` is for the owner's decision; its stream is over, as those of the ended ones are.
   * @example 'running' */
  @Column('text')
  status: RunStatus;

  @Timestamp({ nullable: true })
  stopRequestedAt: string | null;

  /** How many chunks its stream has so far.
   * @example 42 */
  @Column('integer', { default: 0 })
  chunkCount: number;

  /** Steps of the model that are finished.
   * @example 1 */
  @Column('integer', { default: 0 })
  steps: number;

  /** What the model has used, of both kinds.
   * @example 812 */
  @Column('integer', { default: 0 })
  tokens: number;

  /** Of a failed one: what went wrong.
   * @example null */
  @Column('text', { nullable: true })
  errorCode: string | null;

  @ApiHideProperty()
  @Column('text', { nullable: true, select: false })
  idempotencyKey?: string | null;

  @ApiHideProperty()
  @Column('bytea', { nullable: true, select: false })
  requestHash?: Buffer | null;

  @ApiHideProperty()
  @Column('integer', { default: 1, select: false })
  attempt?: number;

  @ApiHideProperty()
  @Timestamp({ nullable: true, select: false })
  leaseUntil?: string | null;

  /** The first chunk behind those of the finished steps. */
  @ApiHideProperty()
  @Column('integer', { default: 0, select: false })
  stepSeq?: number;

  @ApiHideProperty()
  @Column('integer', { select: false })
  reservedTokens?: number;
}
