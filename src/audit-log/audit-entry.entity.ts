import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';
import { User } from '../users/user.entity.js';

/** What was changed, when and by which request, never with what content. Written by the owned repository. */
@Entity({ name: 'audit_log', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Index('audit_log_newest_idx', ['ownerId', 'createdAt', 'id'])
export class AuditEntry extends OwnedEntity {
  /** @example 'publish' */
  @Column('text')
  action: string;

  /** @example 'aide' */
  @Column('text')
  entity: string;

  @Column('uuid', { nullable: true })
  entityId: string | null;

  /** The `X-Request-Id` of the change. */
  @Column('text', { nullable: true })
  requestId: string | null;
}
