import { cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** One line: what the figures were measured on. */
export async function describeMachine(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string; buffers: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('shared_buffers') AS buffers`,
  );
  const { version, buffers } = rows[0]!;
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} × ${cpus()[0]?.model ?? process.arch}`,
    `${memory} GiB`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${version} (embedded, shared_buffers ${buffers}, fsync on)`,
    ...['@nestjs/core', 'fastify', 'typeorm', 'pg'].map((name) => `${name} ${versionOf(name)}`),
  ].join(', ');
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
