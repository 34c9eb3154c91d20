import { Check, Column, Entity, ForeignKey } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';
import { Timestamp } from '../database/timestamp.decorator.js';
import { User } from '../users/user.entity.js';

/** A code that proves a number when it is sent from there. Of a mapping's codes only the newest counts. */
@Entity({ name: 'pairing_codes', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Check('pairing_codes_tries_check', `tries BETWEEN 0 AND 5`)
@Check('pairing_codes_expires_at_check', `expires_at <= created_at + interval '16 minutes'`)
export class PairingCode extends OwnedEntity {
  @Column('uuid')
  mappingId: string;

  @Column('bytea')
  codeHash: Buffer;

  @Timestamp()
  expiresAt: string;

  /** Wrong codes that were sent from the number while this one was alive. */
  @Column('integer', { default: 0 })
  tries: number;
}
