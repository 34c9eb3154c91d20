import { Check, Column, Entity, ForeignKey, Unique } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';
import { User } from '../users/user.entity.js';

/**
 * The proof of a finished tool call, whose id it has. It is never changed or removed while its owner is there, and
 * stays when the call goes with its message.
 */
@Entity({ name: 'tool_call_chain', schema: 'app' })
@Unique('tool_call_chain_position_key', ['ownerId', 'position'])
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Check('tool_call_chain_position_check', `position >= 1`)
@Check('tool_call_chain_digest_check', `digest ~ '^[0-9a-f]{64}$'`)
@Check('tool_call_chain_hash_check', `hash ~ '^[0-9a-f]{64}$'`)
export class ChainEntry extends OwnedEntity {
  /** From 1 without gaps, in the order of finishing.
   * @example 1 */
  @Column('integer')
  position: number;

  @Column('uuid')
  messageId: string;

  /** SHA-256 of the call's canonical JSON (RFC 8785), in hex.
   * @example 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c' */
  @Column('text')
  digest: string;

  /** SHA-256 of `<hash of the entry before>:<id>:<messageId>:<digest>`, in hex.
   * @example '7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730' */
  @Column('text')
  hash: string;
}
