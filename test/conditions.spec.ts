import { jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { poolOf } from '../src/database/data-source.js';
import { newestFirst } from '../src/database/page.js';
import sql from '../src/database/sql.js';
import { runAs } from '../src/auth/owner-context.js';
import type { OwnerId } from '../src/auth/owner-id.js';
import type { OwnedRepository } from '../src/database/owned.repository.js';
import { Task } from '../src/tasks/task.entity.js';
import { TasksService } from '../src/tasks/tasks.service.js';
import { clientOf, newOwner, startApp } from './support/app.js';

let app: NestFastifyApplication;
let tasks: OwnedRepository<Task>;
beforeAll(async () => {
  app = await startApp();
  tasks = app.get<{ tasks: OwnedRepository<Task> }>(TasksService).tasks;
});
afterAll(() => app.close());

test('O4: a condition with OR in it widens neither the owner nor the conditions beside it', async () => {
  const owner = newOwner() as OwnerId;
  const client = await clientOf(app, owner);
  const kept = await client.post<Task>('/v1/tasks', { title: 'kept' });
  const gone = await client.post<Task>('/v1/tasks', { title: 'gone' });
  await runAs(owner, 'request', async () => {
    const either = sql`t.title = 'gone' OR t.title = 'kept'`;
    expect(await tasks.count(owner, [sql`t.title = 'gone'`, either])).toBe(1);
    await tasks.delete(owner, gone.body.id, { where: [either] });
    expect((await tasks.get(owner, kept.body.id)).title).toBe('kept');
  });
});

test('pages share a connection where an index leads to their rows, and are read apart where a filter may make them long', async () => {
  const owner = newOwner() as OwnerId;
  const connect = jest.spyOn(poolOf(app.get(DataSource)), 'connect');
  const condition = sql`t.priority = 'high'`;
  const borrowed = await runAs(owner, 'request', async () => {
    const calls: number[] = [];
    for (const options of [{ among: [condition] }, { where: [undefined] }, { where: [condition] }]) {
      connect.mockClear();
      const page = () => tasks.page(owner, { limit: 1 }, newestFirst('createdAt'), options);
      await Promise.all([page(), page(), page()]);
      calls.push(connect.mock.calls.length);
    }
    return calls;
  });
  expect(borrowed).toEqual([1, 1, 3]);
});
