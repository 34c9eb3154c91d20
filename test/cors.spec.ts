import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiClient, originOf, startApp } from './support/app.js';

const LISTED = 'http://localhost:3000';

let app: NestFastifyApplication;
let nobody: ApiClient;
beforeAll(async () => {
  app = await startApp();
  nobody = new ApiClient(originOf(app));
});
afterAll(() => app.close());

const preflight = (origin: string, method: string) =>
  nobody.send('OPTIONS', '/v1/tasks', undefined, { origin, 'access-control-request-method': method });

test.each(['GET', 'POST', 'PATCH', 'DELETE'])('U3: a page of a listed origin may %s', async (method) => {
  const { status, headers } = await preflight(LISTED, method);
  expect(status).toBe(204);
  expect(headers.get('access-control-allow-origin')).toBe(LISTED);
  expect(headers.get('access-control-allow-credentials')).toBe('true');
  expect(headers.get('access-control-allow-methods')!.split(/, */)).toContain(method);
});

test('U3: a page of another origin may not', async () => {
  const { headers } = await preflight('http://localhost:3001', 'GET');
  expect(headers.get('access-control-allow-origin')).toBeNull();
});

test('U3: a page may read the count and the version', async () => {
  const { headers } = await nobody.get('/livez', { origin: LISTED });
  const exposed = headers.get('access-control-expose-headers')!.split(/, */);
  expect(exposed).toEqual(expect.arrayContaining(['X-Total-Count', 'ETag', 'Link', 'Location']));
});
