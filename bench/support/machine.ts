import { cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** One line: what the figures were measured on. */
export async function describeMachine(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT current_setting('server_version') AS version`,
  );
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} × ${cpus()[0]?.model ?? process.arch}`,
    `${memory} GiB`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${rows[0]!.version} (embedded, its default settings, fsync on)`,
    ...['@nestjs/core', 'fastify', 'typeorm', 'pg'].map((name) => `${name} ${versionOf(name)}`),
  ].join(', ');
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
