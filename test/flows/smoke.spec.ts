import { clientOf, newOwner, startApp } from '../support/app.js';
test('smoke', async () => {
  const app = await startApp();
  const a = await clientOf(app, newOwner());
  expect((await a.get('/v1/me')).status).toBe(200);
  await app.close();
});
