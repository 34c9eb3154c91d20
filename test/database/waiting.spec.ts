import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clientOf, newOwner, startApp, testConfig } from '../support/app.js';

let app: NestFastifyApplication;

beforeAll(async () => {
  app = await startApp(testConfig({ DATABASE_POOL_SIZE: '2' }));
});
afterAll(() => app.close());

test('O5: statements that wait for a connection run as their own owner, not as whoever gives it back', async () => {
  const clients = await Promise.all(Array.from({ length: 40 }, () => clientOf(app, newOwner())));
  const made = await Promise.all(clients.map((client) => client.post('/v1/tasks', { title: 'mine' })));
  expect(made.map(({ status }) => status)).toEqual(clients.map(() => 201));

  const lists = await Promise.all(clients.map((client) => client.get('/v1/tasks')));
  expect(lists.map(({ body }) => body.data)).toEqual(made.map(({ body }) => [body]));
});
