import { ApiProperty } from '@nestjs/swagger';

/** Opens one socket, once. */
export class IssuedTicket {
  /** `?ticket=` of `/api/chat/socket`.
   * @example 'Yk0f1cOeS6hQ2vB8mZrWq3nT5xLd7uPjA9gKiE4oHsM' */
  ticket: string;

  @ApiProperty({ type: String, format: 'date-time' })
  expiresAt: string;
}
