import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiClient, clientOf, newOwner, originOf, startApp } from './support/app.js';

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

test('A5: a published aide is cacheable, its absence is not', async () => {
  const owner = await clientOf(app, newOwner());
  const nobody = new ApiClient(originOf(app));
  const slug = `caching-${process.pid}`;
  const cacheControl = async () =>
    (await nobody.get(`/v1/public/aides/${slug}`)).headers.get('cache-control');

  expect(await cacheControl()).toBe('no-store');
  const { body } = await owner.post('/v1/aides', { title: 'Planner' });
  await owner.post(`/v1/aides/${String(body.id)}/publish`, { slug });
  expect(await cacheControl()).toBe('public, max-age=60');
});
