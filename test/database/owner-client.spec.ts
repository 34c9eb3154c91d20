import type { EventEmitter } from 'node:events';
import pg from 'pg';
import sql, { raw } from '../../src/database/sql.js';
import type { DataSource } from 'typeorm';
import { ownerContext, runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { appOptions, createAppDataSource, dirtyReleases, poolOf } from '../../src/database/data-source.js';
import { OwnerScope } from '../../src/database/owner-scope.js';
import { newOwner } from '../support/app.js';
import { workerDatabase } from '../support/database.js';

/** What the client that sets the owner must do, whatever is sent through it. */

const POOL_SIZE = 4;
let dataSource: DataSource;
let scope: OwnerScope;

beforeAll(async () => {
  dataSource = await createAppDataSource(appOptions((await workerDatabase()).app, POOL_SIZE));
  scope = new OwnerScope(dataSource);
});
afterAll(() => dataSource.destroy());

const as = <T>(owner: string, work: () => Promise<T>) => runAs(toOwnerId(owner)!, 'test', work);
const OWNER = sql`SELECT app.owner_id() AS owner`;
const whoAmI = async () => (await scope.query<{ owner: string | null }>(OWNER))[0]!.owner;
/** What row-level security shows of the users. */
const mine = () => scope.query(sql`SELECT id FROM app.users`);
const nobody = <T>(work: () => Promise<T>) => ownerContext.run({ owner: undefined, requestId: 'test' }, work);

test('a statement runs as the owner of its context, and the setting ends with it', async () => {
  const pool = poolOf(dataSource);
  const client = await pool.connect();
  try {
    const { rows } = await as('ann', () => client.query('SELECT app.owner_id() AS owner'));
    expect(rows).toEqual([{ owner: 'ann' }]);
    expect((await nobody(() => client.query('SELECT app.owner_id() AS owner'))).rows).toEqual([
      { owner: null },
    ]);
    expect((client as unknown as { getTransactionStatus(): string }).getTransactionStatus()).toBe('I');
  } finally {
    client.release();
  }
});

test('odd owners are passed exactly', async () => {
  for (const owner of [`O'Brien "x" \\ $1`, '😀', ' é ', "'; DROP TABLE app.users; --", 'a'.repeat(255)])
    expect(await as(owner, whoAmI)).toBe(owner);
});

test('results come as without it: none, one, ten thousand, counts, several columns', async () => {
  await as('ann', async () => {
    expect(await scope.query(sql`SELECT 1 WHERE false`)).toEqual([]);
    expect(await scope.query(sql`SELECT ${1}::int AS a, ${'b'}::text AS b`)).toEqual([{ a: 1, b: 'b' }]);
    expect(await scope.query(sql`SELECT n FROM generate_series(1, ${10_000}::int) n`)).toHaveLength(10_000);
    const updated = await poolOf(dataSource).query('UPDATE app.users SET tier = tier WHERE id = $1', [
      'nobody',
    ]);
    expect(updated.rowCount).toBe(0);
  });
});

test('an error before, in or behind the statement leaves a connection that works', async () => {
  const failures = [
    sql`SELEC 1`,
    sql`SELECT 1 / ${0}::int`,
    sql`SELECT ${'x'}::int`,
    sql`SELECT * FROM app.nothing`,
    sql`INSERT INTO app.users (id) VALUES (${'someone else'})`,
  ];
  await as('ann', async () => {
    for (const failure of [...failures, ...failures]) {
      await expect(scope.query(failure)).rejects.toThrow();
      expect(await whoAmI()).toBe('ann');
    }
    const unbindable = {
      toPostgres: () => {
        throw new Error('cannot be bound');
      },
    };
    await expect(scope.query(sql`SELECT ${unbindable}::text`)).rejects.toThrow('cannot be bound');
    expect(await whoAmI()).toBe('ann');
  });
});

test('an error in the statement undoes the statement', async () => {
  const owner = newOwner();
  await as(owner, async () => {
    const half = sql`WITH made AS (INSERT INTO app.users (id) VALUES (${owner}) RETURNING id) SELECT 1 / (length(id) * 0) FROM made`;
    await expect(scope.query(half)).rejects.toThrow('division by zero');
    expect(await scope.query(sql`SELECT id FROM app.users`)).toEqual([]);
  });
});

test('forty owners at once over four connections, with errors and transactions between them, never meet', async () => {
  const turn = async (n: number) => {
    if (n % 5 === 0) await expect(scope.query(sql`SELECT 1 / ${0}::int`)).rejects.toThrow();
    if (n % 3 > 0) return [await whoAmI()];
    return scope.transaction(async () => [await whoAmI(), await whoAmI()]);
  };
  const strangers: string[] = [];
  const work = async (owner: string) => {
    for (let n = 0; n < 50; n++) {
      const seen = await as(owner, () => turn(n));
      strangers.push(...seen.filter((is) => is !== owner).map(String));
    }
  };
  await Promise.all(Array.from({ length: 40 }, (_, i) => work(`owner ${i}`)));
  expect(strangers).toEqual([]);
  expect(await nobody(whoAmI)).toBeNull();
});

test('a transaction commits or rolls back as a whole, and joins the one around it', async () => {
  const owner = newOwner();
  await as(owner, async () => {
    const failing = scope.transaction(async () => {
      await scope.query(sql`INSERT INTO app.users (id) VALUES (${owner})`);
      await scope.transaction(async () => expect(await mine()).toHaveLength(1));
      throw new Error('stop');
    });
    await expect(failing).rejects.toThrow('stop');
    expect(await mine()).toEqual([]);
    await scope.transaction(() => scope.query(sql`INSERT INTO app.users (id) VALUES (${owner})`));
    expect(await mine()).toHaveLength(1);
  });
});

/** How often the server was waited for while `work` ran on a connection of its own. */
async function roundTrips(work: (own: OwnerScope) => Promise<unknown>): Promise<number> {
  const own = await createAppDataSource(appOptions((await workerDatabase()).app, 1));
  let trips = 0;
  const client = await poolOf(own).connect();
  const { connection } = client as unknown as { connection: EventEmitter };
  connection.on('readyForQuery', () => (trips += 1));
  client.release();
  try {
    await work(new OwnerScope(own));
    return trips;
  } finally {
    await own.destroy();
  }
}

test('a statement is one round trip, and a transaction opens in that of its first statement', async () => {
  const twice = (own: OwnerScope) =>
    as('ann', () => own.transaction(() => own.query(OWNER).then(() => own.query(OWNER))));
  expect(await roundTrips((own) => as('ann', () => own.query(OWNER)))).toBe(1);
  expect(await roundTrips(twice)).toBe(3);
  expect(await roundTrips((own) => as('ann', () => own.transaction(() => Promise.resolve())))).toBe(0);
  expect(await roundTrips((own) => nobody(() => own.transaction(() => own.query(OWNER))))).toBe(3);
});

test('a statement that is known on a connection answers as it did when it was new, after errors too', async () => {
  const own = await createAppDataSource(appOptions((await workerDatabase()).app, 1));
  const one = new OwnerScope(own);
  const statement = (value: unknown) => sql`SELECT ${value}::text AS text, n, now() IS NULL AS never
    FROM generate_series(1, ${2}::int) n WHERE n / ${1}::int > 0`;
  const answer = (text: string | null) => [1, 2].map((n) => ({ text, n, never: false }));
  const unbindable = {
    toPostgres: () => {
      throw new Error('cannot be bound');
    },
  };
  await as('ann', async () => {
    for (const value of ['first', 'again', null])
      expect(await one.query(statement(value))).toEqual(answer(value));
    await expect(one.query(statement(unbindable))).rejects.toThrow('cannot be bound');
    await expect(one.query(sql`SELECT ${'x'}::int AS n`)).rejects.toThrow('invalid input');
    for (const n of [1, 2]) expect(await one.query(sql`SELECT ${n}::int AS n`)).toEqual([{ n }]);
    await expect(one.query(sql`SELECT ${'x'}::int AS n`)).rejects.toThrow('invalid input');
    expect(await one.query(statement('last'))).toEqual(answer('last'));
    expect(await one.query(sql`SELECT ${3}::int AS n`)).toEqual([{ n: 3 }]);
    expect(await one.transaction(() => one.query(statement('within')))).toEqual(answer('within'));
  });
  await own.destroy();
});

test('a transaction whose first statement fails, or cannot be bound, leaves a connection that works', async () => {
  const unbindable = {
    toPostgres: () => {
      throw new Error('cannot be bound');
    },
  };
  const failures = [sql`SELECT 1 / ${0}::int`, sql`SELEC 1`, sql`SELECT ${unbindable}::text`];
  await as('ann', async () => {
    for (const failure of [...failures, ...failures]) {
      await expect(scope.transaction(() => scope.query(failure))).rejects.toThrow();
      expect(await Promise.all(Array.from({ length: POOL_SIZE }, whoAmI))).toEqual(
        Array(POOL_SIZE).fill('ann'),
      );
    }
  });
});

test('a transaction in which a statement failed unheard is not called committed', async () => {
  const owner = newOwner();
  await as(owner, async () => {
    const careless = scope.transaction(async () => {
      await scope.query(sql`INSERT INTO app.users (id) VALUES (${owner})`);
      await scope.query(sql`SELECT 1 / ${0}::int`).catch(() => undefined);
    });
    await expect(careless).rejects.toThrow('nothing is committed');
    expect(await mine()).toEqual([]);
  });
});

test('a connection that comes back inside a transaction is destroyed and counted, and its owner with it', async () => {
  const before = dirtyReleases.count;
  const runner = dataSource.createQueryRunner();
  await as('careless', async () => {
    await runner.startTransaction();
    await runner.query(`SELECT set_config('app.owner_id', 'careless', false)`);
  });
  await runner.release();
  expect(dirtyReleases.count).toBe(before + 1);
  const owners = await Promise.all(Array.from({ length: POOL_SIZE * 2 }, () => nobody(whoAmI)));
  expect(owners.every((owner) => owner === null)).toBe(true);
  dirtyReleases.count = before;
});

test('a killed connection is replaced', async () => {
  await as('ann', async () => {
    const [{ pid }] = (await scope.query<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)) as [
      { pid: number },
    ];
    const killer = new pg.Client({ connectionString: (await workerDatabase()).superuser });
    await killer.connect();
    await killer.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
    await killer.end();
    const answers = await Promise.allSettled(Array.from({ length: POOL_SIZE * 3 }, whoAmI));
    expect(answers.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(1);
    expect(await whoAmI()).toBe('ann');
  });
});

test('several statements in one string are refused', async () => {
  await expect(as('ann', () => scope.query(sql`SELECT 1; ${raw('SELECT 2')}`))).rejects.toThrow(
    /multiple commands/,
  );
});
