import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startApp, testConfig } from './app.js';
import { freshDatabase } from './database.js';

/** The service as it is tried on a development machine: no key, no model, and a database of its own for alice and bob. */
export async function startDemo(): Promise<{ app: NestFastifyApplication; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-demo-'));
  const { app: url } = await freshDatabase(`demo_${process.env.JEST_WORKER_ID}`);
  const app = await startApp(testConfig({ JWT_SECRET: '', DATA_DIR: folder }), url);
  const stop = async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  };
  return { app, stop };
}
