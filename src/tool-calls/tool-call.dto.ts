import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { AnyJson, Count, JsonObject, Nullable, Optional, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { type Outcome, OUTCOMES } from './tool-call.entity.js';

export class CreateToolCall {
  /** @example 'add_task' */
  @Text(1, 100)
  toolName: string;

  /** @example { "title": "Buy milk" } */
  @Optional()
  @JsonObject(256 * 1024)
  parameters?: Record<string, unknown>;
}

/** A call that the service records itself, under an id that it has made already. A client's never has one. */
export interface RecordedCall extends CreateToolCall {
  id?: string;
}

export class FinishToolCall {
  /** @example 'success' */
  @IsIn(OUTCOMES)
  status: Outcome;

  /** Any JSON.
   * @example { "completed": true } */
  @AnyJson(256 * 1024)
  result?: unknown;

  /** Milliseconds.
   * @example 12 */
  @Nullable()
  @Count()
  durationMs?: number | null;
}

export class ListToolCalls extends PageQuery {}

export class ListChain extends PageQuery {}

/** The end of the chain. Who keeps it elsewhere can tell later that nothing was cut off or written anew. */
export class ChainHead {
  /** @example 4 */
  position: number;

  /** @example '7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730' */
  hash: string;
}

export class BrokenLink {
  /** The call. */
  id: string;

  /** Null where the call is finished but not in the chain. */
  @ApiProperty({ type: 'integer', nullable: true })
  position: number | null;
}

/** What folding the chain of finished tool calls has found. */
export class Verification {
  valid: boolean;

  /** Entries that follow from the one before and fit their call.
   * @example 4 */
  checked: number;

  /** Of these, entries whose call was erased with its message.
   * @example 0 */
  removed: number;

  /** The last entry that was checked; absent where there is none. */
  head?: ChainHead;

  /** Absent where nothing is broken. */
  firstBroken?: BrokenLink;
}
