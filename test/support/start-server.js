import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase } from '#dist/database/provision.js';

/** One server for the run, and the migrated database that every test database is a clone of. */
export default async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-test-'));
  const server = await startEmbedded(folder, true);
  const template = await createDatabase(server.url, 'template_assistant');
  await migrate(template.migration, template.app);
  process.env.TEST_SERVER_URL = server.url;
  process.env.NODE_COMPILE_CACHE = join(folder, 'compile-cache'); // the service is started a hundred times
  globalThis.testServer = { server, folder };
}
