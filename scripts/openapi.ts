import { readFileSync, writeFileSync } from 'node:fs';
import { createApp } from '#dist/app.js';
import { loadConfig } from '#dist/config/config.js';
import { bare, print } from './contract/baseline.ts';
import { unannounced } from './contract/breaking.ts';
import type { Document } from './contract/document.ts';
import { withThrowawayDatabase } from './support/throwaway-database.ts';

/**
 * npm run openapi: writes openapi.json as the service serves it and takes what was added into openapi.baseline.json, on
 * which clients rely. A breaking change stays out of that, with exit code 1, unless the major version was raised.
 */
const BASELINE = 'openapi.baseline.json';

const config = loadConfig({
  NODE_ENV: 'test',
  JWT_SECRET: 'only for making the API document',
  LOG_LEVEL: 'error',
});
const document = await withThrowawayDatabase(async ({ app: url }) => {
  const app = await createApp(config, url);
  const { body } = await app.inject('/openapi.json');
  await app.close();
  return JSON.parse(body) as object;
});
writeFileSync('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
const broken = unannounced(JSON.parse(readFileSync(BASELINE, 'utf8')) as Document, bare(document));
if (broken.length === 0) writeFileSync(BASELINE, print(bare(document)));
else {
  console.error(`clients would break; keep them working, or raise the major version in src/http/openapi.ts:`);
  console.error(broken.join('\n'));
  process.exitCode = 1;
}
