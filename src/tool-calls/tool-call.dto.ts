import { IsIn } from 'class-validator';
import { AnyJson, Count, JsonObject, Nullable, Optional, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { type Outcome, OUTCOMES } from './tool-call.entity.js';

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
  @AnyJson(256 * 1024)
  result?: unknown;

  /** Milliseconds.
   * @example 12 */
  @Nullable()
  @Count()
  durationMs?: number | null;
}

export class ListToolCalls extends PageQuery {}
