import { Injectable } from '@nestjs/common';
import sql, { raw } from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Order, type Page } from '../database/page.js';
import type { CreateTask, ListTasks, UpdateTask } from './task.dto.js';
import { Task } from './task.entity.js';

/** The undated last; the expression of tasks_due_idx. */
const due = (value: string) => `CASE WHEN ${value} IS NULL THEN 'infinity'::timestamptz ELSE ${value} END`;
const DUE = raw(due('t.due_date'));

const ORDERS: Record<ListTasks['sort'], Order<Task>> = {
  createdAt: newestFirst('createdAt'),
  dueDate: { keys: [{ property: 'dueDate', expression: due }] },
  priority: { keys: [{ property: 'priority', expression: (value) => `app.priority_rank(${value})` }] },
};

@Injectable()
export class TasksService {
  constructor(@InjectOwned(Task) private readonly tasks: OwnedRepository<Task>) {}

  create(owner: OwnerId, task: CreateTask): Promise<Task> {
    return this.tasks.insert(owner, task);
  }

  get(owner: OwnerId, id: string): Promise<Task> {
    return this.tasks.get(owner, id);
  }

  list(owner: OwnerId, query: ListTasks): Promise<Page<Task>> {
    const where = [
      query.status === 'open' && sql`t.completed_at IS NULL`,
      query.status === 'completed' && sql`t.completed_at IS NOT NULL`,
      query.priority && sql`t.priority = ${query.priority}`,
      query.dueBefore && sql`${DUE} < ${query.dueBefore}`,
      query.dueAfter && sql`${DUE} > ${query.dueAfter}`,
      (query.dueBefore ?? query.dueAfter) && sql`t.due_date IS NOT NULL`,
    ];
    return this.tasks.page(owner, query, ORDERS[query.sort], { where });
  }

  update(owner: OwnerId, id: string, patch: UpdateTask, version?: ExpectedVersion): Promise<Task> {
    return this.tasks.update(owner, id, patch, { version });
  }

  /** Completing twice keeps the first time. */
  complete(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Task> {
    return this.tasks.transition(
      owner,
      id,
      { completedAt: sql`now()` },
      {
        version,
        where: [sql`t.completed_at IS NULL`],
        action: 'complete',
      },
    );
  }

  reopen(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Task> {
    return this.tasks.transition(
      owner,
      id,
      { completedAt: null },
      {
        version,
        where: [sql`t.completed_at IS NOT NULL`],
        action: 'reopen',
      },
    );
  }

  delete(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    return this.tasks.delete(owner, id, { version });
  }
}
