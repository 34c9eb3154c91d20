import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional } from 'class-validator';
import { Count, Nested, Optional, QueryInteger, Rule, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { CREATED, ROLLBACK } from './aide-event.entity.js';
import { PatchOperation } from './patch-operation.dto.js';

const WHOLE = { message: 'must be a whole number from 0 to 999999999' };

const QueryVersion = () =>
  applyDecorators(
    ApiProperty({ type: 'integer', minimum: 0, maximum: 999_999_999, required: false }),
    IsOptional(),
    QueryInteger(),
    IsInt(WHOLE),
  );

export class Expecting {
  /** The `stateVersion` that the aide must still have; or say which by If-Match.
   * @example 1 */
  @Optional()
  @Count()
  expectedVersion?: number;
}

export class AppendEvent extends Expecting {
  /** What happened; not `created` or `rollback`, which the service says itself.
   * @example 'tone-changed' */
  @Text(1, 100)
  @Rule<AppendEvent>(
    'reserved',
    `must not be ${CREATED} or ${ROLLBACK}`,
    ({ type }) => type !== CREATED && type !== ROLLBACK,
  )
  type: string;

  /** JSON Patch (RFC 6902): 1 to 100 operations, applied together or not at all.
   * @example [{ "op": "add", "path": "/tone", "value": "formal" }] */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @Nested(() => PatchOperation, { each: true })
  operations: PatchOperation[];
}

export class RollBack extends Expecting {
  /** The version whose state it is to be again; 0 is the empty state.
   * @example 1 */
  @Count()
  version: number;

  /** The `stateVersion` that the aide must still have; or say which by If-Match.
   * @example 2 */
  declare expectedVersion?: number;
}

export class ListEvents extends PageQuery {
  /** `asc` is the order of appending, `desc` the newest first. */
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'asc';
}

export class AtVersion {
  /** Without it, the present one. */
  @QueryVersion()
  version?: number;
}

export class Between {
  /** Without it, the one before `to`. */
  @QueryVersion()
  from?: number;

  /** Without it, the present one. */
  @QueryVersion()
  to?: number;
}

export class StreamFrom {
  /** The version behind which the stream begins; without it, what comes from now on. `Last-Event-ID` goes before it. */
  @QueryVersion()
  after?: number;
}

export class StateAt {
  /** @example 1 */
  version: number;
  /** @example { "tone": "friendly" } */
  state: Record<string, unknown>;
}

export class Difference {
  /** @example 0 */
  from: number;
  /** @example 1 */
  to: number;
  /** JSON Patch (RFC 6902) that makes the one of the other. */
  operations: PatchOperation[];
}

export class LogVerification {
  /** The log has no gap, every patch applies, and what they make is what is stored. */
  valid: boolean;
  /** @example 2 */
  stateVersion: number;
  /** The first version that is missing, or whose patch or snapshot is wrong. */
  firstBroken?: number;
}
