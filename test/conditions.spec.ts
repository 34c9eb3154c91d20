import type { NestFastifyApplication } from '@nestjs/platform-fastify';
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
