import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean } from 'class-validator';
import { Nested, Optional, Reference, Text } from '../../http/fields.js';
import { PageQuery } from '../../http/page.dto.js';
import { MAX_CONTENT } from '../../messages/message.entity.js';

export class BeginTurn {
  /** What the assistant is to answer. Kept exactly as it comes.
   * @example 'Add a task: buy milk tomorrow at 5pm' */
  @Text(1, MAX_CONTENT)
  content: string;

  /** An id of the client's own for its message: sent again, it is the same turn.
   * @example 'HGuLpdJVYKNqZJHd' */
  @Optional()
  @Text(1, 255)
  clientMessageId?: string;
}

export class Decision {
  /** The call that waits: its id is the `approvalId` of the stream, and that of the tool call. */
  @Reference('tool-calls')
  approvalId: string;

  /** @example true */
  @IsBoolean({ message: 'must be true or false' })
  approved: boolean;

  /** For the assistant, where it is not approved.
   * @example 'I still need it.' */
  @Optional()
  @Text(1, 1000)
  reason?: string;
}

export class Decide {
  /** One for each call that waits. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @Nested(() => Decision, { each: true })
  decisions: Decision[];
}

export class ListTurns extends PageQuery {}
