import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { AnyJson, Rule } from '../http/fields.js';
import { FORBIDDEN_KEYS } from '../http/text-rules.js';
import { type Operation, OPERATIONS } from './json-patch.js';

const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
const POINTER_RULE = 'must be a JSON Pointer (RFC 6901) without keys that reach prototypes';

const isPointer = (value: unknown) =>
  typeof value === 'string' &&
  POINTER.test(value) &&
  !value.split('/').some((key) => FORBIDDEN_KEYS.has(key));

export class PatchOperation implements Operation {
  /** @example 'add' */
  @IsIn(OPERATIONS)
  op: Operation['op'];

  /** A JSON Pointer (RFC 6901); empty for the whole state.
   * @example '/tone' */
  @ApiProperty({ pattern: POINTER.source })
  @Rule<PatchOperation>('pointer', POINTER_RULE, ({ path }) => isPointer(path))
  path: string;

  /** Where `move` and `copy` take the value from.
   * @example '/tone' */
  @ApiProperty({ pattern: POINTER.source, required: false })
  @Rule<PatchOperation>('pointer', `${POINTER_RULE}, for move and copy`, ({ op, from }) =>
    from === undefined ? op !== 'move' && op !== 'copy' : isPointer(from),
  )
  from?: string;

  /** Any JSON; for `add`, `replace` and `test`. */
  @AnyJson(256 * 1024)
  @Rule<PatchOperation>(
    'value',
    'is needed by add, replace and test',
    ({ op, value }) => value !== undefined || !['add', 'replace', 'test'].includes(op),
  )
  value?: unknown;
}
