import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { JsonObject, Nullable, Optional, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { type Outcome, OUTCOMES } from './tool-call.entity.js';

const INT4_MAX = 2_147_483_647;

export class CreateToolCall {
  /** @example 'add_task' */
  @Text(1, 100)
  toolName: string;

  /** @example { "title": "Buy milk" } */
  @Optional()
  @JsonObject(256 * 1024)
  parameters?: Record<string, unknown>;
}

export class FinishToolCall {
  /** @example 'success' */
  @IsIn(OUTCOMES)
  status: Outcome;

  /** Any JSON.
   * @example { "completed": true } */
  @ApiProperty({ required: false, nullable: true })
  @IsOptional()
  result?: unknown;

  /** Milliseconds.
   * @example 12 */
  @Nullable()
  @IsInt()
  @Min(0)
  @Max(INT4_MAX)
  durationMs?: number | null;
}

export class ListToolCalls extends PageQuery {}
