import { ApiProperty } from '@nestjs/swagger';
import { IsArray, IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { Keyset } from '../database/page.js';
import { QueryBoolean, QueryInteger } from './fields.js';

/** What every list takes. */
export class PageQuery {
  /** Rows of a page. */
  @IsOptional()
  @QueryInteger()
  @IsInt({ message: 'must be a whole number from 1 to 100' })
  @Min(1, { message: 'must be a whole number from 1 to 100' })
  @Max(100, { message: 'must be a whole number from 1 to 100' })
  limit: number = 50;

  /** `nextCursor` of the page before. */
  @ApiProperty({ type: String, required: false })
  @IsOptional()
  @IsArray()
  cursor?: Keyset;

  /** Adds the exact count as `total` and `X-Total-Count`. */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean({ message: 'must be true or false' })
  total: boolean = false;
}
