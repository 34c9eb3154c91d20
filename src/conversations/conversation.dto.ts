import { ApiProperty, PartialType, PickType } from '@nestjs/swagger';
import { Equals, IsBoolean, IsIn, IsOptional, ValidateIf } from 'class-validator';
import { JsonObject, Nested, Nullable, Optional, QueryBoolean, Reference, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { CreateMessage } from '../messages/message.dto.js';
import { type Channel, CHANNELS } from './conversation.entity.js';

export class CreateConversation {
  @Nullable()
  @Reference('aides')
  aideId?: string | null;

  /** @example 'web' */
  @Optional()
  @IsIn(CHANNELS)
  channel?: Channel;

  /** @example 'Trip to Lisbon' */
  @Nullable()
  @Text(0, 255)
  title?: string | null;

  /** At most 16 KB.
   * @example { "colour": "blue" } */
  @Optional()
  @JsonObject(16384)
  metadata?: Record<string, unknown>;

  /** Stored with the conversation or not at all. */
  @Optional()
  @Nested(() => CreateMessage)
  firstMessage?: CreateMessage;
}

export class UpdateConversation extends PartialType(PickType(CreateConversation, ['title', 'metadata']), {
  skipNullProperties: false,
}) {}

export class ListConversations extends PageQuery {
  @IsOptional()
  @Reference('aides')
  aideId?: string;

  @IsOptional()
  @IsIn(CHANNELS)
  channel?: Channel;

  /** `true` lists the bin. */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean({ message: 'must be true or false' })
  deleted: boolean = false;
}

export class LatestConversation {
  @Reference('aides')
  aideId: string;
}

export class DeleteConversation {
  /** `true` deletes for ever, past the bin; needs `confirm`. */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean({ message: 'must be true or false' })
  permanent: boolean = false;

  /** `erase`, to confirm a permanent deletion. */
  @ApiProperty({ enum: ['erase'], required: false })
  @ValidateIf(({ permanent, confirm }: DeleteConversation) => permanent || confirm !== undefined)
  @Equals('erase', { message: 'must be erase, to confirm a permanent deletion' })
  confirm?: string;
}
