import { ApiHideProperty } from '@nestjs/swagger';
import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { OwnerId } from '../auth/owner-id.js';
import { TimestampNow } from '../database/timestamp.decorator.js';

export type Tier = 'free' | 'pro';

@Entity({ name: 'users', schema: 'app' })
@Check('users_id_check', `octet_length(id) BETWEEN 1 AND 255`)
@Check('users_tier_check', `tier IN ('free', 'pro')`)
export class User {
  @ApiHideProperty()
  @PrimaryColumn('text', { name: 'id' })
  ownerId: OwnerId;

  @Column('text', { default: 'free' })
  tier: Tier;

  /**
   * @example '2026-11-22T09:30:00.000Z'
   */
  @TimestampNow()
  createdAt: string;

  /**
   * @example '2026-11-22T09:30:00.000Z'
   */
  @TimestampNow()
  updatedAt: string;
}
