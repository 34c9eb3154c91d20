import { Check, Column, Entity, ForeignKey, Index, VirtualColumn } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';
import { Message } from '../messages/message.entity.js';
import { ApiAnyJson } from '../http/openapi.decorators.js';
import { Timestamp } from '../database/timestamp.decorator.js';

export const OUTCOMES = ['success', 'error', 'denied'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The audit trail of tools: a pending call is finished once, then frozen by the database. */
@Entity({ name: 'tool_calls', schema: 'app' })
@ForeignKey(() => Message, ['ownerId', 'conversationId', 'messageId'], ['ownerId', 'conversationId', 'id'], {
  onDelete: 'CASCADE',
})
@Check('tool_calls_tool_name_check', `char_length(tool_name) BETWEEN 1 AND 100`)
@Check('tool_calls_parameters_check', `jsonb_typeof(parameters) = 'object'`)
@Check('tool_calls_status_check', `status IN ('pending', 'success', 'error', 'denied')`)
@Check('tool_calls_duration_ms_check', `duration_ms >= 0`)
@Check(
  'tool_calls_finished_check',
  `(status = 'pending') = (finished_at IS NULL) AND (status <> 'pending' OR (result IS NULL AND duration_ms IS NULL))`,
)
@Index('tool_calls_message_idx', ['ownerId', 'conversationId', 'messageId', 'id'])
export class ToolCall extends OwnedEntity {
  @Column('uuid')
  conversationId: string;

  @Column('uuid')
  messageId: string;

  /** @example 'add_task' */
  @Column('text')
  toolName: string;

  /** @example { "title": "Buy milk" } */
  @Column('jsonb', { default: {} })
  parameters: Record<string, unknown>;

  /** @example 'success' */
  @Column('text', { default: 'pending' })
  status: 'pending' | Outcome;

  /** Any JSON; null while the call is pending.
   * @example { "taskId": "0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d" } */
  @ApiAnyJson()
  @Column('jsonb', { nullable: true })
  result: unknown;

  /** Milliseconds.
   * @example 12 */
  @Column('integer', { nullable: true })
  durationMs: number | null;

  @Timestamp({ nullable: true })
  finishedAt: string | null;

  /** 1 while pending, 2 once finished. */
  @VirtualColumn({ type: 'integer', query: (t) => `CASE WHEN ${t}.status = 'pending' THEN 1 ELSE 2 END` })
  version: number;
}
