import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Unique } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';
import { Aide } from './aide.entity.js';
import { PatchOperation } from './patch-operation.dto.js';

export const ACTORS = ['owner', 'assistant', 'signal'] as const;
export type Actor = (typeof ACTORS)[number];

export const EVENT_CHANNELS = ['web', 'signal'] as const;
export type EventChannel = (typeof EVENT_CHANNELS)[number];

/** Types of events that the service writes itself. */
export const CREATED = 'created';
export const ROLLBACK = 'rollback';

/** One change of an aide's state; the state is what all of them make of `{}`. Never changed, by the database's rules. */
@Entity({ name: 'aide_events', schema: 'app' })
@ForeignKey(() => Aide, ['ownerId', 'aideId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@Unique(['ownerId', 'aideId', 'version'])
@Check('aide_events_version_check', `version > 0`)
@Check('aide_events_type_check', `char_length(type) BETWEEN 1 AND 100`)
@Check('aide_events_operations_check', `jsonb_typeof(operations) = 'array'`)
@Check('aide_events_actor_check', `actor IN ('owner', 'assistant', 'signal')`)
@Check('aide_events_channel_check', `channel IN ('web', 'signal')`)
@Check('aide_events_state_check', `jsonb_typeof(state) = 'object'`)
export class AideEvent extends OwnedEntity {
  @Column('uuid')
  aideId: string;

  /** Counts the events of the aide, from 1 and without a gap; the strong ETag.
   * @example 2 */
  @Column('integer')
  version: number;

  /** What happened, in the words of whoever appended it; `created` and `rollback` are the service's own.
   * @example 'tone-changed' */
  @Column('text')
  type: string;

  /** JSON Patch (RFC 6902).
   * @example [{ "op": "add", "path": "/tone", "value": "formal" }] */
  @Column('jsonb')
  operations: PatchOperation[];

  /** @example 'owner' */
  @Column('text')
  actor: Actor;

  /** @example 'web' */
  @Column('text')
  channel: EventChannel;

  /** The whole state, with one event in a hundred: where reading an old version starts. */
  @ApiHideProperty()
  @Column('jsonb', { nullable: true, select: false })
  state?: Record<string, unknown> | null;
}
