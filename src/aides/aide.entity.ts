import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, ForeignKey, Index, VirtualColumn } from 'typeorm';
import { Audited } from '../database/audited.decorator.js';
import { VersionedEntity } from '../database/owned.entity.js';
import { User } from '../users/user.entity.js';
import { Timestamp } from '../database/timestamp.decorator.js';

export const AIDE_STATUSES = ['draft', 'published', 'archived'] as const;
export type AideStatus = (typeof AIDE_STATUSES)[number];

export const TOOL_APPROVALS = ['none', 'destructive'] as const;
export type ToolApproval = (typeof TOOL_APPROVALS)[number];

export const SLUG = /^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$/;

/** An assistant of the owner's. It has a slug exactly while it is published. */
@Audited('aide')
@Entity({ name: 'aides', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Check('aides_title_check', `char_length(title) BETWEEN 1 AND 200`)
@Check('aides_status_check', `status IN ('draft', 'published', 'archived')`)
@Check('aides_slug_check', `slug ~ '^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$'`)
@Check('aides_tool_approval_check', `tool_approval IN ('none', 'destructive')`)
@Check('aides_state_check', `jsonb_typeof(state) = 'object'`)
@Check(
  'aides_published_check',
  `(status = 'published') = (slug IS NOT NULL) AND
    num_nulls(slug, published_at, published_version, published_title, published_state) IN (0, 5)`,
)
@Index('aides_slug_key', ['slug'], { unique: true })
@Index('aides_recent_idx', ['ownerId', 'updatedAt', 'id'])
export class Aide extends VersionedEntity {
  /** @example 'Travel planner' */
  @Column('text')
  title: string;

  /** @example 'draft' */
  @Column('text', { default: 'draft' })
  status: AideStatus;

  /** Set exactly while the aide is published; unique in the whole installation.
   * @example null */
  @Column('text', { nullable: true })
  slug: string | null;

  /** Where files of the aide belong in an object store.
   * @example 'aides/0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d' */
  @VirtualColumn({ type: 'text', query: (t) => `'aides/' || ${t}.id` })
  storagePrefix: string;

  /** Free JSON. Only with `include=state`.
   * @example { "tone": "friendly" } */
  @Column('jsonb', { default: {}, select: false })
  state?: Record<string, unknown>;

  /** How many events the state is made of: the version of the last one.
   * @example 1 */
  @Column('integer', { default: 0 })
  stateVersion: number;

  /** Calls of tools that wait for the owner's approval: none, or the destructive ones.
   * @example 'none' */
  @Column('text', { default: 'none' })
  toolApproval: ToolApproval;

  @Timestamp({ nullable: true })
  publishedAt: string | null;

  /** The version that is published.
   * @example null */
  @Column('integer', { nullable: true })
  publishedVersion: number | null;

  @ApiHideProperty()
  @Column('text', { nullable: true, select: false })
  publishedTitle?: string | null;

  @ApiHideProperty()
  @Column('jsonb', { nullable: true, select: false })
  publishedState?: Record<string, unknown> | null;
}
