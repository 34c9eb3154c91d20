import { Injectable } from '@nestjs/common';
import { CreateTask } from '../../tasks/task.dto.js';
import { TasksService } from '../../tasks/tasks.service.js';
import { bounded } from './bounded.js';
import { tool } from './tool.js';
import { ChangeTask, FilterTasks, TaskId } from './tool-input.dto.js';

@Injectable()
export class TaskTools {
  readonly tools = [
    tool({
      name: 'add_task',
      description: 'Adds a task to the to-do list of the user. Answers the task with its id.',
      input: CreateTask,
      run: ({ owner }, task) => this.tasks.create(owner, task),
    }),
    tool({
      name: 'list_tasks',
      description:
        'Lists the tasks of the user with their ids. Where `more` is true there are others: filter, to see them.',
      input: FilterTasks,
      readOnly: true,
      run: async ({ owner }, query) => {
        const { data, next } = await this.tasks.list(owner, { total: false, ...query });
        const tasks = bounded(data);
        return { tasks, more: next !== null || tasks.length < data.length };
      },
    }),
    tool({
      name: 'update_task',
      description:
        'Changes the given fields of a task and keeps the others. Null clears description or dueDate.',
      input: ChangeTask,
      run: ({ owner }, { id, ...patch }) => this.tasks.update(owner, id, patch),
    }),
    tool({
      name: 'complete_task',
      description: 'Marks a task as completed.',
      input: TaskId,
      run: ({ owner }, { id }) => this.tasks.complete(owner, id),
    }),
    tool({
      name: 'delete_task',
      description: 'Deletes a task for ever. Complete what is done instead of deleting it.',
      input: TaskId,
      destructive: true,
      run: async ({ owner }, { id }) => {
        await this.tasks.delete(owner, id);
        return { id, deleted: true };
      },
    }),
  ];

  constructor(private readonly tasks: TasksService) {}
}
