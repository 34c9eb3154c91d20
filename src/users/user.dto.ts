import { ApiProperty } from '@nestjs/swagger';
import { Equals } from 'class-validator';
import { User } from './user.entity.js';

export class Usage {
  /** Aides that are not archived.
   * @example 2 */
  aides: number;
  /** @example 7 */
  conversations: number;
  /** @example 420 */
  messages: number;
  /** @example 12 */
  tasks: number;
  /** Turns of the chat in this calendar month of UTC.
   * @example 31 */
  turns: number;
  /** What the model has used for them, or has been set aside for those that go on.
   * @example 48210 */
  tokens: number;
}

export class Limits {
  /**
   * Aides that are not archived; null is without limit.
   * @example 5
   */
  aides: number | null;
  /**
   * Turns of the chat in a calendar month; null is without limit.
   * @example 500
   */
  turns: number | null;
  /**
   * @example 1000000
   */
  tokens: number | null;
}

/** The owner of the token: tier, what is used, what may be used. */
export class Me extends User {
  usage: Usage;
  limits: Limits;
}

export class EraseMe {
  /**
   * Must be `erase`. Everything of yours is deleted for ever.
   * @example 'erase'
   */
  @ApiProperty({ enum: ['erase'] })
  @Equals('erase', { message: 'must be erase, to confirm' })
  confirm: string;
}
