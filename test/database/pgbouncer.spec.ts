import type { AddressInfo } from 'node:net';
import pg from 'pg';
import sql, { raw } from '../../src/database/sql.js';
import { Load } from '../../bench/soak/load.ts';
import { compareStored } from '../../bench/soak/stored.ts';
import { runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { mintToken } from '../../src/auth/mint-token.js';
import { dirtyReleases } from '../../src/database/data-source.js';
import { OwnerScope } from '../../src/database/owner-scope.js';
import { provideDatabase } from '../../src/database/provision.js';
import { type ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { EventSource } from '../support/event-source.js';
import { atOnce, makeAide, makeEvent } from '../support/factories.js';
import { type PgBouncer, pgbouncerVersion, startPgBouncer } from '../support/pgbouncer.js';

/** The service by way of PgBouncer in transaction mode: docs/running.md. */

const SERVERS = 3; // connections to PostgreSQL
const OWNERS = 50;
const AT_ONCE = 40;
const REQUESTS = 2500;
const version = pgbouncerVersion();
const isRight = version !== undefined && (version[0] > 1 || version[1] >= 21);

let database: TestDatabase;
let pooler: PgBouncer;

if (!version)
  test('PgBouncer is not installed on this machine: nothing is tried of it', () =>
    expect(version).toBeUndefined());
else
  describe(`PgBouncer ${version.join('.')}`, () => {
    beforeAll(async () => {
      database = await freshDatabase(`pgbouncer_${process.env.JEST_WORKER_ID}`);
    });
    afterEach(() => pooler.stop());

    test('O5: one that mixes up prepared statements is refused at the start', async () => {
      const settings = { default_pool_size: SERVERS, ...(isRight && { max_prepared_statements: 0 }) };
      pooler = await startPgBouncer(database.app, settings);
      await expect(provideDatabase(testConfig({ DATABASE_URL: pooler.url }))).rejects.toThrow(
        /^DATABASE_URL leads to a pooler that mixes up prepared statements: PgBouncer must be 1\.21 or newer/,
      );
    });

    if (isRight) describe('in transaction mode', holdsBehindIt);
    else test('it is older than 1.21: only its refusal is tried', () => expect(isRight).toBe(false));
  });

function holdsBehindIt(): void {
  type App = Awaited<ReturnType<typeof startApp>>;
  let apps: App[];

  beforeEach(async () => {
    pooler = await startPgBouncer(database.app, { default_pool_size: SERVERS, max_prepared_statements: 100 });
    apps = [];
  });
  afterEach(() => Promise.all(apps.map((app) => app.close())));

  async function start(settings: NodeJS.ProcessEnv = {}): Promise<App> {
    const config = testConfig({ DATABASE_URL: pooler.url, ...settings });
    const app = await startApp(config, (await provideDatabase(config)).url);
    apps.push(app);
    return app;
  }

  /** Of the owners, their rows, or what is listened to, for whoever gets a connection next. */
  async function expectNothingLeft(): Promise<void> {
    const clients = await atOnce(SERVERS, async () => {
      const client = new pg.Client({ connectionString: pooler.url });
      await client.connect();
      await client.query('BEGIN');
      return client;
    });
    const left = await Promise.all(
      clients.map(async (client) => {
        const { rows } = await client.query<{ left: string | null }>(
          `SELECT coalesce(app.owner_id(), (SELECT min(id) FROM app.users), (SELECT min(c) FROM pg_listening_channels() c)) AS left`,
        );
        return rows[0]!.left;
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
    expect(left).toEqual(Array.from({ length: SERVERS }, () => null));
  }

  test('O5, O8, M1: 50 owners, 40 at once, of whom some hang up, see nothing of one another, and nothing is lost', async () => {
    const app = await start();
    const { port } = app.getHttpServer().address() as AddressInfo;
    const mint = (owner: string) => mintToken(testConfig(), owner, 1);
    const load = await Load.of({ port, mint }, OWNERS, 0.1);
    await load.run(REQUESTS, AT_ONCE);
    load.close();
    expect(load.watch.violations).toEqual([]);
    expect([...load.watch.statuses.keys()].filter((status) => status.startsWith('5'))).toEqual([]);
    const servers = await sqlAsSuperuser<{ count: number }>(
      database,
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND usename = 'assistant_login'`,
    );
    expect(servers[0]!.count).toBeLessThanOrEqual(SERVERS);
    await expectNothingLeft();
    await app.close(); // what clients that hung up had asked for is done then, or never will be
    apps = [];
    const read = <Row extends object>(text: string, values: unknown[]) =>
      sqlAsSuperuser<Row>(database, text, values);
    expect(await compareStored(load.owners, read)).toEqual([]);
    expect(dirtyReleases.count).toBe(0);
  }, 120_000);

  test('O5: two instances over the same connections keep their prepared statements and their owners apart', async () => {
    const scopes = [await start(), await start()].map((app) => app.get(OwnerScope));
    const owners = Array.from({ length: AT_ONCE }, () => newOwner());
    const failures = [
      sql`SELECT 1 / ${0}::int`,
      sql`SELECT ${'x'}::int`,
      sql`INSERT INTO app.users (id) VALUES (${'x'})`,
    ];
    const work = async (owner: string, i: number) => {
      const scope = scopes[i % 2]!;
      for (let n = 0; n < 30; n++) {
        const marked = sql`SELECT app.owner_id() AS owner, ${n}::int AS n ${raw(`/* ${(i * 7 + n) % 40} */`)}`;
        const answer = [{ owner, n }];
        expect(await scope.query(marked)).toEqual(answer);
        expect(await scope.short(marked)).toEqual(answer);
        await expect(scope.short(failures[n % 3]!)).rejects.toThrow();
        await expect(scope.query(failures[n % 3]!)).rejects.toThrow();
        expect(await scope.transaction(() => scope.query(marked))).toEqual(answer);
        const rolledBack = scope.transaction(async () => {
          await scope.query(sql`INSERT INTO app.users (id) VALUES (${owner})`);
          await scope.query(failures[n % 3]!);
        });
        await expect(rolledBack).rejects.toThrow();
        expect(await scope.query(sql`SELECT id FROM app.users`)).toEqual([]);
      }
    };
    await Promise.all(owners.map((owner, i) => runAs(toOwnerId(owner)!, 'test', () => work(owner, i))));
    await expectNothingLeft();
    expect(dirtyReleases.count).toBe(0);
  }, 60_000);

  async function followed(client: ApiClient, app: App, owner: string) {
    const aide = await makeAide(client);
    const url = `${originOf(app)}/v1/aides/${aide.id}/events/stream`;
    return { aide, source: await EventSource.open(url, await mintToken(testConfig(), owner, 1)) };
  }

  test('A3: streams are woken by way of LISTEN_DATABASE_URL, and without it every five seconds', async () => {
    const owner = newOwner();
    const direct = await start({ LISTEN_DATABASE_URL: database.app });
    const through = await start();
    const client = await clientOf(direct, owner);
    const [fast, slow] = [await followed(client, direct, owner), await followed(client, through, owner)];
    await makeEvent(client, fast.aide, 1);
    await fast.source.take(1);
    await makeEvent(client, slow.aide, 1);
    await slow.source.take(1);
    await expectNothingLeft();
    fast.source.close();
    slow.source.close();
  });
}
