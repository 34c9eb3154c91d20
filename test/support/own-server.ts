import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '../../src/database/embedded.js';
import { migrate } from '../../src/database/migrate.js';
import { createDatabase } from '../../src/database/provision.js';
import type { TestDatabase } from './database.js';

/**
 * A migrated database on a server of its own. Roles belong to all databases of a server: one that passes the walls would
 * alarm the audits of the tests beside it.
 */
export async function startOwnServer(): Promise<{ database: TestDatabase; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-own-'));
  const server = await startEmbedded(folder, true);
  const urls = await createDatabase(server.url, 'assistant');
  await migrate(urls.migration, urls.app);
  const superuser = Object.assign(new URL(server.url), { pathname: '/assistant' }).href;
  return {
    database: { ...urls, superuser },
    stop: async () => {
      await server.stop();
      for (const path of [server.folder, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
}
