import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform, type TransformFnParams } from 'class-transformer';
import { IsArray, IsIn, Matches } from 'class-validator';
import { exampleId } from '../../http/example-ids.js';
import { Optional, Text, UUID } from '../../http/fields.js';

export const CHAT_TRIGGERS = ['submit-message', 'regenerate-message'] as const;

const MESSAGE = {
  id: 'HGuLpdJVYKNqZJHd',
  role: 'user',
  parts: [{ type: 'text', text: 'Add a task: buy milk tomorrow at 5pm' }],
};

const ApiMessages = () =>
  ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true }, example: [MESSAGE] });

/** Messages as the AI SDK has them, of whatever version: what is read of them is checked behind this. */
const UIMessages = () =>
  applyDecorators(
    ApiMessages(),
    Transform(({ obj, key }: TransformFnParams) => (obj as Record<string, unknown>)[key]),
    IsArray({ message: 'must be a list of UI messages' }),
  );

/** What the transports of the AI SDK send. */
export class ChatRequest {
  /** The conversation, made by `POST /v1/conversations`. */
  @ApiProperty({ type: String, format: 'uuid', example: exampleId('conversations') })
  @Matches(UUID, { message: 'must be the id of a conversation, which POST /v1/conversations makes' })
  id: string;

  /** The chat as the page shows it. Of these, the last message of the user is read, or decisions on calls that wait: the history is the service's own. */
  @UIMessages()
  messages: unknown[];

  @ApiProperty({ enum: CHAT_TRIGGERS, example: 'submit-message' })
  @IsIn(CHAT_TRIGGERS, { message: `must be ${CHAT_TRIGGERS.join(' or ')}` })
  trigger: (typeof CHAT_TRIGGERS)[number];

  /** The message that the decisions are in.
   * @example 'HGuLpdJVYKNqZJHd' */
  @Optional()
  @Text(1, 255)
  messageId?: string;
}

export class ChatMessages {
  /** As the AI SDK has them, oldest first. The answer to a message is one message, under the id of its stream. */
  @ApiMessages()
  messages: object[];
}
