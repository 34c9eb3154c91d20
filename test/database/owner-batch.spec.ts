import type { DataSource } from 'typeorm';
import { runAs } from '../../src/auth/owner-context.js';
import { type OwnerId, toOwnerId } from '../../src/auth/owner-id.js';
import { appOptions, createAppDataSource, poolOf } from '../../src/database/data-source.js';
import { newId } from '../../src/database/new-id.js';
import { OwnerScope } from '../../src/database/owner-scope.js';
import sql from '../../src/database/sql.js';
import { newOwner } from '../support/app.js';
import { workerDatabase } from '../support/database.js';

/** What a statement that runs as several owners in turn must hold. */

const WHO = `SELECT app.owner_id() AS owner, $1::int AS n`;
/** Adds the owner for 1, and not for 2; 0 fails. */
const ADD = `INSERT INTO app.users (id) SELECT $1 WHERE 1 / $2::int > 0 RETURNING id`;

let dataSource: DataSource;
let scope: OwnerScope;
let owners: OwnerId[];

beforeAll(async () => {
  dataSource = await createAppDataSource(appOptions((await workerDatabase()).app, 1));
  scope = new OwnerScope(dataSource);
});
beforeEach(() => {
  owners = Array.from({ length: 100 }, () => toOwnerId(newOwner())!);
});
afterAll(() => dataSource.destroy());

const add = (...numbers: unknown[]) =>
  scope.together(
    ADD,
    numbers.map((number, i) => ({ owner: owners[i]!, values: [owners[i], number] })),
  );
const usersOf = (owner: OwnerId) => runAs(owner, 'test', () => scope.query(sql`SELECT id FROM app.users`));

test('each runs as its owner, and answers in its place, whatever was sent before', async () => {
  const batch = owners.map((owner, n) => ({ owner, values: [n] }));
  const expected = owners.map((owner, n) => [{ owner, n }]);
  expect(await scope.together(WHO, batch)).toEqual(expected);
  expect(await scope.together(WHO, batch.slice(0, 1))).toEqual(expected.slice(0, 1));
  expect(await scope.together(WHO, batch)).toEqual(expected);
});

test('one without a row has none, and takes none of the others', async () => {
  expect(await add(1, 2, 1, 2)).toEqual([[{ id: owners[0] }], [], [{ id: owners[2] }], []]);
});

test('row-level security holds each to its own, even where a statement names another', async () => {
  const [ann, bob] = owners as [OwnerId, OwnerId];
  await add(1, 1);
  const select = 'SELECT id FROM app.users WHERE id = ANY($1)';
  const both = [ann, bob];
  const seen = await scope.together(select, [
    { owner: bob, values: [both] },
    { owner: ann, values: [both] },
  ]);
  expect(seen).toEqual([[{ id: bob }], [{ id: ann }]]);
  const theft = 'INSERT INTO app.aides (owner_id, id, title) VALUES ($1, $2, $3) RETURNING id';
  const stolen = scope.together(theft, [{ owner: ann, values: [bob, newId(), 'of bob'] }]);
  await expect(stolen).rejects.toThrow('row-level security');
});

test('one that fails leaves nothing of any, and a connection that works', async () => {
  for (const wrong of [0, 'x', '\0']) {
    await expect(add(1, wrong, 1)).rejects.toThrow();
    expect(await usersOf(owners[0]!)).toEqual([]);
    expect(await usersOf(owners[2]!)).toEqual([]);
  }
  expect(await add(1)).toEqual([[{ id: owners[0] }]]);
});

test('behind it the connection is nobody’s, and no transaction is open', async () => {
  await scope.together(WHO, [{ owner: owners[0]!, values: [1] }]);
  const client = await poolOf(dataSource).connect();
  try {
    const { rows } = await client.query(`SELECT app.owner_id() AS owner`);
    expect(rows).toEqual([{ owner: null }]);
    expect((client as unknown as { getTransactionStatus(): string }).getTransactionStatus()).toBe('I');
  } finally {
    client.release();
  }
});

test('the context of who sends it has no part in it', async () => {
  const rows = await runAs(owners[5]!, 'test', () =>
    scope.together(WHO, [{ owner: owners[0]!, values: [1] }]),
  );
  expect(rows).toEqual([[{ owner: owners[0], n: 1 }]]);
});
