import { ApiHideProperty } from '@nestjs/swagger';
import { Column, PrimaryColumn } from 'typeorm';
import type { OwnerId } from '../auth/owner-id.js';
import { TimestampNow } from './timestamp.decorator.js';

/** What every owned row has. The key is `(owner_id, id)`: no row can reference another owner's. */
export abstract class OwnedEntity {
  @ApiHideProperty()
  @PrimaryColumn('text')
  ownerId: OwnerId;

  /**
   * UUIDv7, made by the server.
   * @example '0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d'
   */
  @PrimaryColumn('uuid')
  id: string;

  /**
   * RFC 3339 in UTC, by the database's clock.
   * @example '2026-11-22T09:30:00.000Z'
   */
  @TimestampNow()
  createdAt: string;
}

/** An owned row that changes; `version` counts its changes and is its ETag. */
export abstract class VersionedEntity extends OwnedEntity {
  /**
   * @example '2026-11-22T09:30:00.000Z'
   */
  @TimestampNow()
  updatedAt: string;

  /**
   * Counts the changes, from 1; the strong ETag.
   * @example 1
   */
  @Column('integer', { default: 1 })
  version: number;
}
