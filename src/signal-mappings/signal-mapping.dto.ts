import { IsOptional } from 'class-validator';
import { Optional, PhoneNumber, Reference } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { SignalMapping } from './signal-mapping.entity.js';

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

export class ClaimedMapping extends SignalMapping {
  /**
   * To be sent from the number, once and within 15 minutes. Shown here and never again: absent where the request is a
   * retry, and where the owner has had 10 codes within the hour.
   * @example '7K3QM-X0ZTA'
   */
  pairingCode?: string;
}
