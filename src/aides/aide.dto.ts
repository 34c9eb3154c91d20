import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { JsonObject, Optional, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { AIDE_STATUSES, type AideStatus, SLUG, TOOL_APPROVALS, type ToolApproval } from './aide.entity.js';

export class CreateAide {
  /** @example 'Travel planner' */
  @Text(1, 200)
  title: string;

  /** @example { "tone": "friendly", "languages": ["en", "de"] } */
  @Optional()
  @JsonObject(256 * 1024)
  state?: Record<string, unknown>;

  /** Calls of tools that wait for the owner's approval: none, or the destructive ones.
   * @example 'none' */
  @Optional()
  @IsIn(TOOL_APPROVALS)
  toolApproval?: ToolApproval;
}

export class UpdateAide {
  /** @example 'Travel planner for two' */
  @Optional()
  @Text(1, 200)
  title?: string;

  /** Calls of tools that wait for the owner's approval: none, or the destructive ones.
   * @example 'none' */
  @Optional()
  @IsIn(TOOL_APPROVALS)
  toolApproval?: ToolApproval;
}

export class PublishAide {
  /** 3 to 63 of a–z, 0–9 and hyphen, without a hyphen at either end.
   * @example 'travel-planner' */
  @ApiProperty({ pattern: SLUG.source })
  @Matches(SLUG, { message: 'must be 3 to 63 of a-z, 0-9 and hyphen, without a hyphen at either end' })
  slug: string;
}

export class CountAides {
  @IsOptional()
  @IsIn(AIDE_STATUSES)
  status?: AideStatus;
}

export class AideCount {
  /** @example 2 */
  count: number;
}

export class IncludeState {
  /** `state` adds the state. */
  @IsOptional()
  @IsIn(['state'])
  include?: 'state';
}

export class ListAides extends PageQuery {
  /** Without it, all that are not archived. */
  @IsOptional()
  @IsIn(AIDE_STATUSES)
  status?: AideStatus;

  /** `state` adds the state. */
  @IsOptional()
  @IsIn(['state'])
  include?: 'state';
}

/** What anyone may see of a published aide: exactly this. */
export class PublicAide {
  /** @example 'travel-planner' */
  slug: string;
  /** @example 'Travel planner' */
  title: string;
  /** @example { "tone": "friendly" } */
  state: Record<string, unknown>;
  /** @example 2 */
  version: number;
  /** @example '2026-11-22T09:30:00.000Z' */
  publishedAt: string;
}
