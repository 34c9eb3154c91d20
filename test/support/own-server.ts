import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endServer, startAgain } from '../../bench/kills/start-again.ts';
import { startEmbedded } from '../../src/database/embedded.js';
import { migrate } from '../../src/database/migrate.js';
import { createDatabase } from '../../src/database/provision.js';
import type { TestDatabase } from './database.js';

export interface OwnServer {
  database: TestDatabase;
  /** Ends it and all of its connections: SIGINT is a fast shutdown, SIGQUIT an immediate one, SIGKILL a crash. */
  end(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Starts it again where it was, after {@link OwnServer.end}; resolves when it takes connections. */
  startAgain(): Promise<void>;
  /** Its data folder. */
  data: string;
  stop(): Promise<void>;
}

/**
 * A migrated database on a server of its own. Roles belong to all databases of a server: one that passes the walls would
 * alarm the audits of the tests beside it.
 * @param durable where what was committed must outlive a crash
 */
export async function startOwnServer({ durable = false } = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-own-'));
  const server = await startEmbedded(folder, !durable);
  const data = join(server.folder, 'data');
  const urls = await createDatabase(server.url, 'assistant');
  await migrate(urls.migration, urls.app);
  const superuser = Object.assign(new URL(server.url), { pathname: '/assistant' }).href;
  return {
    database: { ...urls, superuser },
    data,
    end: (signal) => endServer(data, signal),
    startAgain: () => startAgain(data, superuser),
    stop: async () => {
      await server.stop();
      for (const path of [server.folder, folder])
        rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
