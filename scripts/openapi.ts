import { writeFileSync } from 'node:fs';
import { createApp } from '#dist/app.js';
import { loadConfig } from '#dist/config/config.js';
import { withThrowawayDatabase } from './support/throwaway-database.ts';

/** Writes openapi.json as the service serves it; a test compares the two. */
const config = loadConfig({ NODE_ENV: 'test', JWT_SECRET: 'only for making the API document' });
const document = await withThrowawayDatabase(async ({ app: url }) => {
  const app = await createApp(config, url);
  const { body } = await app.inject('/openapi.json');
  await app.close();
  return JSON.parse(body) as unknown;
});
writeFileSync('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
