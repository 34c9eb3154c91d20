import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { schemaDocument } from './schema-doc/document.ts';
import { withThrowawayDatabase } from './support/throwaway-database.ts';

/** npm run docs:schema: writes docs/schema.md from a database that is made, migrated and thrown away. */
writeFileSync(
  join(import.meta.dirname, '../docs/schema.md'),
  await withThrowawayDatabase(({ migration }) => documentOf(migration)),
);

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
