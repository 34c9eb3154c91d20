import { Column, Entity, ForeignKey, Index, Unique } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';

/** A request that was, or in this moment is being, done under a key. Claim, work and answer commit together. */
@Entity({ name: 'idempotency_keys', schema: 'app' })
@Unique('idempotency_keys_key', ['ownerId', 'key'])
@ForeignKey('User', ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Index('idempotency_keys_purge_idx', ['createdAt'])
export class IdempotencyKey extends OwnedEntity {
  @Column('text')
  key: string;

  @Column('bytea')
  requestHash: Buffer;

  /** The body of the answer, as JSON. */
  @Column('text', { nullable: true })
  answer: string | null;
}
