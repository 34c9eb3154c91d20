import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { ExpectedVersion } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import { Id } from '../http/id.decorator.js';
import { ApiPage } from '../http/openapi.decorators.js';
import { IfMatch } from '../http/preconditions.js';
import { CreateTask, ListTasks, UpdateTask } from './task.dto.js';
import { Task } from './task.entity.js';
import { TasksService } from './tasks.service.js';

@Controller('v1/tasks')
export class TasksController {
  constructor(private readonly tasks: TasksService) {}

  /** Create a task */
  @Post()
  create(@Owner() owner: OwnerId, @Body() task: CreateTask): Promise<Task> {
    return this.tasks.create(owner, task);
  }

  /** List tasks */
  @Get()
  @ApiPage(Task)
  list(@Owner() owner: OwnerId, @Query() query: ListTasks): Promise<Page<Task>> {
    return this.tasks.list(owner, query);
  }

  /** Get a task */
  @Get(':id')
  get(@Owner() owner: OwnerId, @Id() id: string): Promise<Task> {
    return this.tasks.get(owner, id);
  }

  /** Change a task */
  @Patch(':id')
  update(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() patch: UpdateTask,
    @IfMatch() version: ExpectedVersion,
  ): Promise<Task> {
    return this.tasks.update(owner, id, patch, version);
  }

  /** Complete a task */
  @Post(':id/complete')
  @HttpCode(200)
  complete(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<Task> {
    return this.tasks.complete(owner, id, version);
  }

  /** Reopen a completed task */
  @Post(':id/reopen')
  @HttpCode(200)
  reopen(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<Task> {
    return this.tasks.reopen(owner, id, version);
  }

  /** Delete a task */
  @Delete(':id')
  @HttpCode(204)
  delete(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<void> {
    return this.tasks.delete(owner, id, version);
  }
}
