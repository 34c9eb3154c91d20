import { applyDecorators } from '@nestjs/common';
import { ApiProperty, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { AppendEvent } from '../../aides/aide-event.dto.js';
import { PatchOperation } from '../../aides/patch-operation.dto.js';
import { Count, Nullable, Optional, Reference, Text } from '../../http/fields.js';
import { ListTasks, UpdateTask } from '../../tasks/task.dto.js';

/** What the tools take beyond, or other than, what REST takes. */

/** At most so many items. */
const Limit = (max: number) => {
  const message = { message: `must be a whole number from 1 to ${max}` };
  const schema = ApiProperty({ type: 'integer', minimum: 1, maximum: max, required: false });
  return applyDecorators(schema, Optional(), IsInt(message), Min(1, message), Max(max, message));
};

export class TaskId {
  /** The id of the task, as add_task and list_tasks answer it. */
  @Reference('tasks')
  id: string;
}

export class ChangeTask extends UpdateTask {
  /** The id of the task, as add_task and list_tasks answer it. */
  @Reference('tasks')
  id: string;
}

export class FilterTasks extends OmitType(ListTasks, ['cursor', 'limit', 'total']) {
  /** At most so many. */
  @Limit(100)
  limit: number = 50;
}

export class SearchMessages {
  /** What the messages contain, whatever its case.
   * @example 'Lisbon' */
  @Text(1, 200)
  query: string;

  /** At most so many, the newest first. */
  @Limit(20)
  limit: number = 10;
}

export class ReadState extends PartialType(PickType(PatchOperation, ['path']), {
  skipNullProperties: false,
}) {
  /** The aide; without it, the one of this conversation. */
  @Nullable()
  @Reference('aides')
  aideId?: string | null;
}

export class ApplyEvent extends OmitType(AppendEvent, ['expectedVersion']) {
  /** The version that get_aide_state has answered: the state must still have it.
   * @example 1 */
  @Count()
  expectedVersion: number;

  /** The aide; without it, the one of this conversation. */
  @Nullable()
  @Reference('aides')
  aideId?: string | null;
}
