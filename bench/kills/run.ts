import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { mintToken } from '#dist/auth/mint-token.js';
import { loadConfig } from '#dist/config/config.js';
import { startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase } from '#dist/database/provision.js';
import { KillableService } from './killable-service.ts';
import { endServer, startAgain } from './start-again.ts';
import { Writer, type Written } from './writer.ts';

const SECRET = 'a secret of the kills, longer than 32 bytes';
const SHORTEST = 200; // milliseconds between two kills
const LONGEST = 1500;

export interface Kills {
  /** The folder of the database's server. */
  dir: string;
  kills: number;
  clients: number;
  /** Which process is killed. */
  victim: 'service' | 'database';
}

export interface Report {
  acknowledged: number;
  sent: number;
  again: number;
  replayed: number;
  /** Acknowledged writes that are not there, or not as they were answered. */
  lost: string[];
  /** Keys that have more rows than they asked for. */
  twice: string[];
  /** Milliseconds from each kill to the next write that was answered. */
  recoveries: number[];
}

/** Kills the service or its database with SIGKILL while clients write, again and again, and counts what is there. */
export async function runKills({ dir, kills, clients, victim }: Kills): Promise<Report> {
  const server = await startEmbedded(dir);
  const data = join(server.folder, 'data');
  let service: KillableService | undefined;
  try {
    const urls = await createDatabase(server.url, 'assistant');
    await migrate(urls.migration, urls.app);
    service = await KillableService.start(urls.app, SECRET);
    const { origin } = service;
    const config = loadConfig({ NODE_ENV: 'test', JWT_SECRET: SECRET });
    const writers: Writer[] = [];
    for (let i = 0; i < clients; i++)
      writers.push(new Writer(origin, await mintToken(config, `writer ${i}`)));
    const ending = new AbortController();
    const running = Promise.all(writers.map((writer) => writer.run(ending.signal)));
    const written = () => writers.flatMap((writer) => writer.written);

    const recoveries: number[] = [];
    for (let i = 0; i < kills; i++) {
      await Promise.race([sleep(randomInt(SHORTEST, LONGEST)), running]);
      const killed = Date.now();
      if (victim === 'service') {
        await service.end('SIGKILL');
        await service.startAgain();
      } else {
        await endServer(data, 'SIGKILL');
        await startAgain(data, server.url);
        if (!service.alive) throw new Error('the service ended with its database');
      }
      const before = written().length;
      while (written().length === before) await Promise.race([sleep(5), running]);
      recoveries.push(Date.now() - killed);
    }
    ending.abort();
    await running;
    const counts = { sent: 0, again: 0, replayed: 0 };
    for (const writer of writers)
      for (const name of ['sent', 'again', 'replayed'] as const) counts[name] += writer.counts[name];
    const superuser = Object.assign(new URL(server.url), { pathname: '/assistant' }).href;
    return {
      acknowledged: written().length,
      ...counts,
      ...(await compare(superuser, written())),
      recoveries,
    };
  } finally {
    await service?.end('SIGTERM');
    await server.stop();
  }
}

/** What stands in the database against what was answered. */
async function compare(url: string, written: Written[]): Promise<Pick<Report, 'lost' | 'twice'>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ key: string; ids: string[] }>(
    `SELECT title AS key, array_agg(id::text ORDER BY id) AS ids FROM app.tasks GROUP BY 1
     UNION ALL SELECT content, array_agg(id::text ORDER BY seq) FROM app.messages GROUP BY 1`,
  );
  await client.end();
  const there = new Map(rows.map(({ key, ids }) => [key, ids]));
  const lost = written.filter(({ key, ids }) => ids.some((id) => !there.get(key)?.includes(id)));
  const twice = written.filter(({ key, ids }) => (there.get(key)?.length ?? 0) > ids.length);
  const known = new Set(written.map(({ key }) => key));
  return {
    lost: lost.map(({ key }) => key),
    twice: [...twice.map(({ key }) => key), ...[...there.keys()].filter((key) => !known.has(key))],
  };
}
