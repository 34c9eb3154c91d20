import { IsOptional } from 'class-validator';
import { Optional, PhoneNumber, Reference } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';

export class CreateSignalMapping {
  /** E.164.
   * @example '+4915112345678' */
  @PhoneNumber()
  phoneNumber: string;

  @Reference('aides')
  aideId: string;

  @Reference('conversations')
  conversationId: string;
}

export class UpdateSignalMapping {
  /** The conversation that the number talks in from now on. */
  @Optional()
  @Reference('conversations')
  conversationId?: string;
}

export class ListSignalMappings extends PageQuery {
  @IsOptional()
  @Reference('aides')
  aideId?: string;
}
