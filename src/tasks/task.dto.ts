import { PartialType } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfGiven, Instant, Nullable, Optional, Text } from '../http/fields.js';
import { PageQuery } from '../http/page.dto.js';
import { PRIORITIES, type Priority } from './task.entity.js';

const STATUSES = ['open', 'completed', 'all'] as const;
const SORTS = ['createdAt', 'dueDate', 'priority'] as const;

export class CreateTask {
  /** @example 'Buy milk' */
  @Text(1, 255)
  title: string;

  /** @example 'Oat, two litres' */
  @Nullable()
  @Text(0, 2000)
  description?: string | null;

  /** @example 'high' */
  @Optional()
  @IsIn(PRIORITIES)
  priority?: Priority;

  /** @example '2026-12-24T18:00:00Z' */
  @Nullable()
  @Instant()
  dueDate?: string | null;
}

export class UpdateTask extends PartialType(CreateTask, { skipNullProperties: false }) {}

export class ListTasks extends PageQuery {
  @IfGiven()
  @IsIn(STATUSES)
  status: (typeof STATUSES)[number] = 'all';

  @IfGiven()
  @IsIn(PRIORITIES)
  priority?: Priority;

  /** Due before this instant. */
  @IfGiven()
  @Instant()
  dueBefore?: string;

  /** Due after this instant. */
  @IfGiven()
  @Instant()
  dueAfter?: string;

  /** Newest first, by due date with the undated last, or by priority with the high ones first. */
  @IfGiven()
  @IsIn(SORTS)
  sort: (typeof SORTS)[number] = 'createdAt';
}
