import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional } from 'class-validator';
import { Count, JsonObject, Nested, Nullable, Optional, Reference, Rule, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { CreateToolCall, type RecordedCall } from '../tool-calls/tool-call.dto.js';
import { MAX_CONTENT, Message, type Role, ROLES } from './message.entity.js';

export class CreateMessage {
  /** @example 'user' */
  @IsIn(ROLES)
  role: Role;

  /** Kept exactly as it comes. Empty only for an assistant message with tool calls.
   * @example 'When is the best time to visit Lisbon?' */
  @Text(0, MAX_CONTENT)
  @Rule<CreateMessage>(
    'content',
    'must not be empty, unless an assistant message has tool calls',
    ({ content, role, toolCalls }) => content !== '' || (role === 'assistant' && Boolean(toolCalls?.length)),
  )
  content: string;

  /** At most 16 KB.
   * @example {} */
  @Optional()
  @JsonObject(16384)
  metadata?: Record<string, unknown>;

  /** @example 12 */
  @Nullable()
  @Count()
  tokensUsed?: number | null;

  /** A message of the same conversation. */
  @Nullable()
  @Reference('messages')
  parentId?: string | null;

  /** What tools an assistant message calls; stored with it or not at all. */
  @Optional()
  @IsArray()
  @ArrayMaxSize(50)
  @Nested(() => CreateToolCall, { each: true })
  @Rule<CreateMessage>(
    'role',
    'belong to assistant messages',
    ({ role, toolCalls }) => role === 'assistant' || toolCalls?.length === 0,
  )
  toolCalls?: CreateToolCall[];
}

/** As the service itself appends it. */
export interface NewMessage extends Omit<CreateMessage, 'toolCalls'> {
  toolCalls?: RecordedCall[];
}

export class CreateMessages {
  /** 1 to 100, appended together in this order or not at all. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @Nested(() => CreateMessage, { each: true })
  messages: CreateMessage[];
}

export class Messages {
  data: Message[];
}

export class IncludeToolCalls {
  /** `toolCalls` adds the tool calls. */
  @IsOptional()
  @IsIn(['toolCalls'])
  include?: 'toolCalls';
}

export class ListLatestMessages extends PageQuery {
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  /** `toolCalls` adds the tool calls. */
  @IsOptional()
  @IsIn(['toolCalls'])
  include?: 'toolCalls';
}

export class ListMessages extends ListLatestMessages {
  /** `asc` is the order of appending, `desc` the newest first. */
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'asc';
}
