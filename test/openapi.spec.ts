import { readFileSync } from 'node:fs';
import { ApiClient, originOf, startApp } from './support/app.js';

test('U2: the committed openapi.json is what the service serves (npm run openapi writes it)', async () => {
  const app = await startApp();
  const { body } = await new ApiClient(originOf(app)).get('/openapi.json');
  await app.close();
  expect(body).toEqual(JSON.parse(readFileSync('openapi.json', 'utf8')));
});
