import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { connected, withDatabase } from '../support/database.ts';
import type { Options } from '../support/options.ts';
import { Samples } from '../support/samples.ts';
import { parentOf } from './cpu.ts';
import type { Side } from './measure.ts';
import { type LoadRequest, OPERATIONS } from './operations.ts';
import { type Server, startFloor, startServer } from './servers.ts';
import { captureStatements } from './statements.ts';
import { cleanUp } from './clean-up.ts';
import { writeRequests } from './wrk.ts';

const REQUESTS = 2000; // different ones of each operation

/** A database with its data, servers on it, and the requests of every operation. */
export interface Stage {
  superuser: pg.Client;
  /** The first request of each operation. */
  samples: Record<string, LoadRequest>;
  service(preload?: string): Promise<Server>;
  floor(preload?: string): Promise<Server>;
  /** @param name unlike those of the other sides */
  side(name: string, server: Server, prepare?: Side['prepare']): Promise<(operation: string) => Side>;
}

/** Runs `work` on a stage; then its servers stop, and what requests have added to the data goes. */
export function onStage<T>(options: Options, work: (stage: Stage) => Promise<T>): Promise<T> {
  return withDatabase(options, ({ app, superuser: url }) =>
    connected(url, async (superuser) => {
      const { rows } = await superuser.query<{ pid: number; start: string; options: string }>(
        `SELECT pg_backend_pid() AS pid, now()::text AS start,
          (SELECT string_agg('-c ' || setting, ' ') FROM unnest(rolconfig) setting) AS options
         FROM pg_roles WHERE rolname = 'assistant_login'`,
      );
      const { pid, start, options: session } = rows[0]!;
      const postmaster = parentOf(pid);
      const picked = await Samples.read(superuser);
      const statements = await captureStatements(app, picked);
      const requests = Object.entries(OPERATIONS).map(([name, operation]): [string, LoadRequest[]] => [
        name,
        Array.from({ length: REQUESTS }, () => operation.request(picked)),
      ]);
      const folder = join(options.dir, 'load');
      mkdirSync(folder, { recursive: true });
      const running: Server[] = [];
      const keep = (server: Server) => {
        running.push(server);
        return server;
      };
      const stage: Stage = {
        superuser,
        samples: Object.fromEntries(requests.map(([name, [first]]) => [name, first!])),
        service: async (preload) => keep(await startServer(app, folder, preload)),
        floor: async (preload) =>
          keep(await startFloor({ url, options: session, statements }, folder, preload)),
        side: async (side, server, prepare) => {
          const file = (operation: string) => join(folder, `${side}-${operation}`);
          for (const [operation, all] of requests) await writeRequests(file(operation), all, server);
          return (operation) => ({ server, postmaster, file: file(operation), prepare });
        },
      };
      try {
        return await work(stage);
      } finally {
        await Promise.all(running.map((server) => server.stop()));
        await cleanUp(superuser, start);
      }
    }),
  );
}
