import pg from 'pg';
import type { DataSource } from 'typeorm';
import { ownerContext, runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { appOptions, createAppDataSource, dirtyReleases, poolOf } from '../../src/database/data-source.js';
import { OwnerScope } from '../../src/database/owner-scope.js';
import sql, { type Sql } from '../../src/database/sql.js';
import { newOwner } from '../support/app.js';
import { workerDatabase } from '../support/database.js';

/** What reads that share a connection must hold. */

const POOL_SIZE = 3;
const AT_ONCE = 100;

let dataSource: DataSource;
let scope: OwnerScope;

beforeEach(async () => {
  dataSource = await createAppDataSource(appOptions((await workerDatabase()).app, POOL_SIZE));
  scope = new OwnerScope(dataSource);
});
afterEach(() => dataSource.destroy());

const as = <T>(owner: string, work: () => Promise<T>) => runAs(toOwnerId(owner)!, 'test', work);
const nobody = <T>(work: () => Promise<T>) => ownerContext.run({ owner: undefined, requestId: 'test' }, work);
const whoAmI = async (n = 0) =>
  (
    await scope.short<{ owner: string | null; n: number; pid: number }>(
      sql`SELECT app.owner_id() AS owner, ${n}::int AS n, pg_backend_pid() AS pid`,
    )
  )[0]!;
const owners = Array.from({ length: AT_ONCE }, (_, i) => `owner ${i}`);
const expectAllGivenBack = () => {
  const { totalCount, idleCount, waitingCount } = poolOf(dataSource);
  expect([idleCount, waitingCount]).toEqual([totalCount, 0]);
};
/** Of every one, its answer or the message of its error. */
const outcomes = async (all: Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map((one) =>
    one.status === 'fulfilled' ? one.value : (one.reason as Error).message,
  );

test('those that begin together share connections, six at most on each, and each has its own owner and answer', async () => {
  const twelve = owners.slice(0, 12);
  const seen = await Promise.all(twelve.map((owner, n) => as(owner, () => whoAmI(n))));
  expect(seen).toEqual(twelve.map((owner, n) => ({ owner, n, pid: expect.any(Number) as number })));
  const shared = Object.values(Object.groupBy(seen, ({ pid }) => pid)).map((group) => group!.length);
  expect(shared).toEqual([6, 6]);
  for (let round = 0; round < 3; round++) {
    const again = await Promise.all(owners.map((owner, n) => as(owner, () => whoAmI(n))));
    expect(again.map(({ owner }) => owner)).toEqual(owners);
  }
  const [ann, none] = await Promise.all([as('ann', whoAmI), nobody(whoAmI)]);
  expect([ann.owner, none.owner]).toEqual(['ann', null]);
  expectAllGivenBack();
});

test('answers of no row, of one and of thousands come to whom they are for', async () => {
  const lengths = [0, 1, 2000, 0, 5000, 2];
  const seen = await Promise.all(
    lengths.map((length) =>
      as(`owner ${length}`, () =>
        scope.short<{ owner: string }>(
          sql`SELECT app.owner_id() AS owner, repeat('x', 500) FROM generate_series(1, ${length}::int)`,
        ),
      ),
    ),
  );
  expect(seen.map((rows) => rows.length)).toEqual(lengths);
  for (const [i, rows] of seen.entries())
    expect(new Set(rows.map(({ owner }) => owner))).toEqual(
      new Set(lengths[i] ? [`owner ${lengths[i]}`] : []),
    );
});

test('row-level security shows each its own, even where the statement asks for all', async () => {
  const [ann, bob] = [newOwner(), newOwner()];
  for (const id of [ann, bob])
    await as(id, () => scope.query(sql`INSERT INTO app.users (id) VALUES (${id})`));
  const users = sql`SELECT array_agg(id) AS ids FROM app.users WHERE id = ANY(${[ann, bob]})`;
  const seen = await Promise.all([
    as(ann, () => scope.short(users)),
    as(bob, () => scope.short(users)),
    nobody(() => scope.short(users)),
  ]);
  expect(seen).toEqual([[{ ids: [ann] }], [{ ids: [bob] }], [{ ids: null }]]);
});

test('an error is that of its own statement alone, also where the same statement is sent again before it is known', async () => {
  const unbindable = {
    toPostgres: () => {
      throw new Error('cannot be bound');
    },
  };
  const failures: [Sql, RegExp][] = [
    [sql`SELECT 1 / ${0}::int AS n`, /^division by zero$/],
    [sql`SELECT ${'x'}::int AS n`, /^invalid input syntax/],
    [sql`SELECT ${unbindable}::text AS n`, /^cannot be bound$/],
    [sql`SELECT * FROM app.nothing WHERE ${1}::int = 1`, /^relation "app.nothing" does not exist$/],
    [sql`SELEC ${1}::int`, /^syntax error/],
  ];
  for (let round = 0; round < 2; round++)
    for (const [failure, message] of failures) {
      const [first, second, third, fourth] = await outcomes([
        as('ann', () => scope.short(failure)),
        as('bob', () => whoAmI(1)),
        as('eve', () => scope.short(failure)),
        as('joe', () => whoAmI(2)),
      ]);
      expect([first, third]).toEqual([expect.stringMatching(message), expect.stringMatching(message)]);
      expect([second, fourth]).toMatchObject([
        { owner: 'bob', n: 1 },
        { owner: 'joe', n: 2 },
      ]);
    }
  expectAllGivenBack();
});

test('within a transaction it is a statement of that transaction', async () => {
  const owner = newOwner();
  const mine = sql`SELECT id FROM app.users WHERE id = ${owner}`;
  const [inserted, seen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const within = as(owner, () =>
    scope.transaction(async () => {
      await scope.query(sql`INSERT INTO app.users (id) VALUES (${owner})`);
      inserted.resolve();
      await seen.promise;
      return Promise.all([scope.short(mine), scope.short(mine)]);
    }),
  );
  await inserted.promise;
  expect(await as(owner, () => scope.short(mine))).toEqual([]);
  seen.resolve();
  expect(await within).toEqual([[{ id: owner }], [{ id: owner }]]);
  expect(await as(owner, () => scope.short(mine))).toEqual([{ id: owner }]);
});

test('those that wait for a connection go out together when there is one, each as its own owner', async () => {
  const pool = poolOf(dataSource);
  const taken = await Promise.all(Array.from({ length: POOL_SIZE }, () => pool.connect()));
  const waiting = owners.slice(0, 12).map((owner, n) => as(owner, () => whoAmI(n)));
  await new Promise(setImmediate);
  expect(pool.waitingCount).toBe(2);
  for (const client of taken) client.release();
  const seen = await Promise.all(waiting);
  expect(seen.map(({ owner }) => owner)).toEqual(owners.slice(0, 12));
  expectAllGivenBack();
});

test('their connection is given back when the last of them is answered', async () => {
  const lock = ['SELECT pg_advisory_lock($1)', 'SELECT pg_advisory_unlock($1)'] as const;
  const superuser = new pg.Client({ connectionString: (await workerDatabase()).superuser });
  await superuser.connect();
  await superuser.query(lock[0], [47]);
  const first = as('ann', whoAmI);
  const last = as('bob', () => scope.short(sql`SELECT 1 AS n FROM pg_advisory_xact_lock(${47})`));
  await first;
  await new Promise(setImmediate);
  expect(poolOf(dataSource).idleCount).toBe(0);
  await superuser.query(lock[1], [47]);
  await superuser.end();
  expect(await last).toEqual([{ n: 1 }]);
  expectAllGivenBack();
});

test('a connection that is cut fails those on it, and the next ones have another', async () => {
  const sleeping = Array.from({ length: 6 }, (_, n) =>
    as('ann', () => scope.short(sql`SELECT pg_sleep(${60}::int + ${n}::int)`)),
  );
  const ended = outcomes(sleeping);
  const superuser = new pg.Client({ connectionString: (await workerDatabase()).superuser });
  await superuser.connect();
  const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep($1%'`;
  while ((await superuser.query(kill)).rowCount === 0);
  await superuser.end();
  expect(await ended).toEqual(Array(6).fill(expect.stringMatching(/terminat/)));
  expect((await as('bob', whoAmI)).owner).toBe('bob');
  expectAllGivenBack();
});

test('where no connection can be had all of them fail, and the next ones try again', async () => {
  const pool = poolOf(dataSource);
  const connect = pool.connect.bind(pool);
  Object.assign(pool, { connect: () => Promise.reject(new Error('no connection')) });
  expect(await outcomes([as('ann', whoAmI), as('bob', whoAmI)])).toEqual(Array(2).fill('no connection'));
  Object.assign(pool, { connect });
  expect((await as('ann', whoAmI)).owner).toBe('ann');
  expect(dirtyReleases.count).toBe(0);
});
