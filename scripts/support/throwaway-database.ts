import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase, type DatabaseUrls } from '#dist/database/provision.js';

interface Urls extends DatabaseUrls {
  superuser: string;
}

/**
 * Runs `work` on a migrated database of its own, which is gone afterwards.
 * @param durable with fsync, as in life
 */
export async function withThrowawayDatabase<T>(
  work: (urls: Urls) => Promise<T>,
  durable = false,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-'));
  const server = await startEmbedded(folder, !durable);
  try {
    const urls = await createDatabase(server.url, 'assistant');
    await migrate(urls.migration, urls.app);
    const superuser = Object.assign(new URL(server.url), { pathname: '/assistant' }).href;
    return await work({ ...urls, superuser });
  } finally {
    await server.stop();
    for (const path of [folder, server.folder]) rmSync(path, { recursive: true, force: true });
  }
}
