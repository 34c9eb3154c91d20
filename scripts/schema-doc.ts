import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase } from '#dist/database/provision.js';
import { schemaDocument } from './schema-doc/document.ts';

/** npm run docs:schema: writes docs/schema.md from a database that is made, migrated and thrown away. */
const folder = mkdtempSync(join(tmpdir(), 'assistant-backend-schema-'));
const server = await startEmbedded(join(folder, 'postgres'), true);
try {
  const { app, migration } = await createDatabase(server.url, 'schema');
  await migrate(migration, app);
  writeFileSync(join(import.meta.dirname, '../docs/schema.md'), await documentOf(migration));
} finally {
  await server.stop();
  for (const made of [server.folder, folder]) rmSync(made, { recursive: true, force: true });
}

async function documentOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await schemaDocument(
      async <Row extends object>(text: string) => (await client.query<Row>(text)).rows,
    );
  } finally {
    await client.end();
  }
}
