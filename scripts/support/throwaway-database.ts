import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase, type DatabaseUrls } from '#dist/database/provision.js';

/** Runs `work` on a migrated database of its own, which is gone afterwards. */
export async function withThrowawayDatabase<T>(work: (urls: DatabaseUrls) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-'));
  const server = await startEmbedded(folder, true);
  try {
    const urls = await createDatabase(server.url, 'assistant');
    await migrate(urls.migration, urls.app);
    return await work(urls);
  } finally {
    await server.stop();
    for (const path of [folder, server.folder]) rmSync(path, { recursive: true, force: true });
  }
}
