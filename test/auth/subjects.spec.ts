import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiClient, newOwner, originOf, startApp } from '../support/app.js';
import { claims, forge, forgeSub } from '../support/tokens.js';

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

test('O1, O8: subjects that look alike are different owners, each kept exactly', async () => {
  const base = newOwner();
  const subjects = [
    base,
    base.toUpperCase(),
    ` ${base}`,
    `${base} `,
    `${base}\t`,
    `${base}'; DROP TABLE app.users; --`,
    `${base}' OR '1'='1`,
    `${base}"`,
    `${base}%`,
    `${base}\\`,
    `${base}🦊`,
    `${base}é`,
    `${base}e\u0301`,
    `${base}\u200b`,
    `${base}\ufffd`,
    base.padEnd(255, 'x'),
    base.padEnd(254, 'x'),
    ` ${base}`.padStart(255, ' '),
    base + '🦊'.repeat((255 - base.length) >> 2),
    `${base}/../${base}`,
    `${base}_`,
    `${base}null`,
    `${base}\r\n`,
    `${base}\u202e`,
    `${base}ß`,
    `${base}ss`,
    `${base}\u0130`,
  ];
  const clients = subjects.map((sub) => new ApiClient(originOf(app), forgeSub(JSON.stringify(sub))));
  const ids = await Promise.all(
    clients.map(
      async (client, i) => (await client.post<{ id: string }>('/v1/tasks', { title: `of ${i}` })).body.id,
    ),
  );
  for (const [i, client] of clients.entries()) {
    const { body } = await client.get<{ data: { id: string; title: string }[] }>('/v1/tasks');
    expect(body.data).toMatchObject([{ id: ids[i], title: `of ${i}` }]);
    expect((await client.get(`/v1/tasks/${ids[(i + 1) % ids.length]}`)).status).toBe(404);
  }
});

test('O1: neither query, body nor header names the owner', async () => {
  const [own, other] = [newOwner(), newOwner()];
  const client = new ApiClient(originOf(app), forge({ payload: claims({ sub: own }) }));
  const stranger = new ApiClient(originOf(app), forge({ payload: claims({ sub: other }) }));
  for (const name of ['ownerId', 'owner_id', 'sub', 'userId']) {
    expect((await client.get(`/v1/tasks?${name}=${other}`)).status).toBe(400);
    expect((await client.post('/v1/tasks', { title: 'mine', [name]: other })).status).toBe(400);
    const sent = await client.post('/v1/tasks', { title: 'mine' }, { [`x-${name}`]: other });
    expect(sent.status).toBe(201);
  }
  expect((await stranger.get('/v1/tasks')).body).toMatchObject({ data: [] });
});
