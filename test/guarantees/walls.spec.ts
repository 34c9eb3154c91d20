import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import sql, { raw } from '../../src/database/sql.js';
import { ownerContext, runAs } from '../../src/auth/owner-context.js';
import { type OwnerId, toOwnerId } from '../../src/auth/owner-id.js';
import { Tools } from '../../src/chat/tools/tools.service.js';
import { OwnerScope } from '../../src/database/owner-scope.js';
import { ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { type Ids, type Operation, operationsOf, press, pressCreates } from '../support/document.js';
import { newSlug } from '../support/factories.js';
import { startOwnServer } from '../support/own-server.js';
import { ownedTables, rowsOf } from '../support/rows.js';

/** Each wall holds with the others taken down, for every table and route that exists. */

let app: NestFastifyApplication;
let server: Awaited<ReturnType<typeof startOwnServer>>;
let database: TestDatabase;
let scope: OwnerScope;
let operations: Operation[];
let alice: string;
let bob: string;
let alicesIds: Ids;
let tables: { table: string; owner: string }[];

beforeAll(async () => {
  server = await startOwnServer();
  database = server.database;
  app = await startApp(undefined, database.app);
  scope = app.get(OwnerScope);
  tables = await ownedTables(database);
  operations = operationsOf((await new ApiClient(originOf(app)).get<OpenAPIObject>('/openapi.json')).body);
  [alice, bob] = [newOwner('alice'), newOwner('bob')];
  alicesIds = await fillFor(alice);
  const bobsIds = await fillFor(bob);
  await publish(alice, alicesIds);
  await publish(bob, bobsIds);
});

/** The one table that is filled by an action. */
async function publish(owner: string, { aides: id }: Ids): Promise<void> {
  const client = await clientOf(app, owner);
  expect((await client.post(`/v1/aides/${id}/publish`, { slug: newSlug() })).status).toBe(200);
}
afterAll(async () => {
  await app.close();
  await server.stop();
});

/** A row in every table: what the creates make, and a finished call. */
async function fillFor(owner: string): Promise<Ids> {
  const client = await clientOf(app, owner);
  const ids = await pressCreates(client, operations);
  await press(
    client,
    operations.find(({ name }) => name === 'POST /v1/tool-calls/{id}/finish')!,
    ids,
  );
  return ids;
}

const as = <T>(owner: string, work: () => Promise<T>) => runAs(toOwnerId(owner) as OwnerId, 'test', work);

test('every table with an owner has rows of both owners, so that the tests below can fail', async () => {
  for (const owner of [alice, bob]) {
    const empty = Object.entries(await rowsOf(database, owner)).filter(([, rows]) => rows.length === 0);
    expect(empty).toEqual([]);
  }
  expect(tables.length).toBeGreaterThanOrEqual(8);
});

/** What comes of a statement of Bob's. */
const bobsOutcome = (statement: ReturnType<typeof sql>) =>
  as(bob, () => scope.query(statement)).then(
    (rows) => `${rows.length} rows`,
    (error: Error) => error.message,
  );

describe('O5: row-level security, with no condition in the statements', () => {
  test('a statement sees the rows of its owner alone', async () => {
    for (const { table, owner } of tables) {
      const rows = await as(bob, () =>
        scope.query<{ o: string }>(sql`SELECT ${raw(owner)} AS o FROM app.${raw(table)}`),
      );
      expect([table, [...new Set(rows.map(({ o }) => o))]]).toEqual([table, [bob]]);
    }
  });

  test('without an owner nothing is seen, on a connection that had one and on a new one', async () => {
    const fresh = await startApp(undefined, database.app);
    try {
      for (const connection of [scope, fresh.get(OwnerScope)])
        for (const { table } of tables)
          expect([table, await connection.query(sql`SELECT 1 FROM app.${raw(table)}`)]).toEqual([table, []]);
    } finally {
      await fresh.close();
    }
  });

  test('no statement changes or removes a row of another owner', async () => {
    const before = await rowsOf(database, alice);
    for (const { table, owner } of tables) {
      const granted = await sqlAsSuperuser<{ column: string }>(
        database,
        `SELECT column_name AS column FROM information_schema.column_privileges
         WHERE table_schema = 'app' AND table_name = $1 AND grantee = 'assistant_app' AND privilege_type = 'UPDATE'`,
        [table],
      );
      for (const { column } of granted.slice(0, 1)) {
        const change = sql`UPDATE app.${raw(table)} SET ${raw(column)} = ${raw(column)} WHERE ${raw(owner)} = ${alice} RETURNING 1`;
        expect([table, await as(bob, () => scope.query(change))]).toEqual([table, []]);
      }
      const removal = bobsOutcome(
        sql`DELETE FROM app.${raw(table)} WHERE ${raw(owner)} = ${alice} RETURNING 1`,
      );
      expect([table, await removal]).toEqual([table, expect.stringMatching(/^(0 rows|permission denied)/)]);
    }
    expect(await rowsOf(database, alice)).toEqual(before);
  });

  test('no row is written for another owner, nor without one', async () => {
    for (const { table, owner } of tables) {
      const [columns] = await sqlAsSuperuser<{ list: string }>(
        database,
        `SELECT string_agg(quote_ident(attname), ', ') AS list FROM pg_attribute
         WHERE attrelid = ('app.' || $1)::regclass AND attnum > 0 AND NOT attisdropped
           AND has_column_privilege('assistant_app', attrelid, attnum, 'INSERT')`,
        [table],
      );
      const copied = columns!.list.replace(new RegExp(`\\b${owner}\\b`), `'${alice}'`);
      const copy = sql`INSERT INTO app.${raw(table)} (${raw(columns!.list)}) SELECT ${raw(copied)} FROM app.${raw(table)} LIMIT 1`;
      await expect(as(bob, () => scope.query(copy))).rejects.toThrow(/row-level security/);
    }
    const nobody = ownerContext.run({ owner: undefined, requestId: 'test' }, () =>
      scope.query(sql`INSERT INTO app.users (id) VALUES ('nobody')`),
    );
    await expect(nobody).rejects.toThrow(/row-level security/);
  });
});

describe('O4: the repository, with row-level security passed', () => {
  let bypassing: NestFastifyApplication;
  const role = 'bypassing';

  beforeAll(async () => {
    await sqlAsSuperuser(database, `CREATE ROLE ${role} LOGIN PASSWORD 'bypass' IN ROLE assistant_app`);
    const url = Object.assign(new URL(database.app), { username: role, password: 'bypass' }).href;
    bypassing = await startApp(undefined, url);
    await sqlAsSuperuser(database, `ALTER ROLE ${role} BYPASSRLS`); // only now: the service would refuse to start
  });
  afterAll(() => bypassing.close());

  test('the role really passes row-level security', async () => {
    const rows = await as(bob, () => bypassing.get(OwnerScope).query(sql`SELECT id FROM app.users`));
    expect(rows).toEqual(expect.arrayContaining([{ id: alice }, { id: bob }]));
  });

  test('every route with an id of another owner is 404, and the rows survive', async () => {
    const before = await rowsOf(database, alice);
    const client = await clientOf(bypassing, bob);
    for (const operation of operations.filter(({ parent }) => parent))
      expect([operation.name, (await press(client, operation, alicesIds)).status]).toEqual([
        operation.name,
        404,
      ]);
    expect(await rowsOf(database, alice)).toEqual(before);
  });

  test('no tool finds, reads or changes anything of another owner', async () => {
    const before = await rowsOf(database, alice);
    const owner = bob as OwnerId;
    const { aides: aideId, tasks: id, conversations: conversationId } = alicesIds;
    const tools = bypassing.get(Tools);
    const call = (name: string, input: object) =>
      as(bob, () => tools.call({ owner, conversationId, aideId }, name, input)).catch(
        ({ message }: Error) => message,
      );
    const change = { type: 'x', operations: [{ op: 'add', path: '/x', value: 1 }], expectedVersion: 1 };
    const inputs = { update_task: { id, title: 'x' }, complete_task: { id }, delete_task: { id } };
    const others = { get_aide_state: {}, apply_aide_events: change };
    for (const [name, input] of Object.entries({ ...inputs, ...others }))
      expect([name, await call(name, input)]).toEqual([name, 'There is no such thing.']);
    const ids = Object.values(alicesIds);
    for (const [name, input] of Object.entries({ list_tasks: {}, search_messages: { query: 'e' } })) {
      const found = JSON.stringify(await call(name, input));
      expect([name, ids.filter((one) => found.includes(one))]).toEqual([name, []]);
      expect([name, found.length > 50]).toEqual([name, true]); // its own
    }
    expect(await rowsOf(database, alice)).toEqual(before);
  });

  test('every list and read shows nothing of another owner', async () => {
    const ids = Object.values(alicesIds);
    const client = await clientOf(bypassing, newOwner('carol'));
    const reads = operations.filter(({ method, parent }) => method === 'GET' && !parent);
    expect(reads.length).toBeGreaterThan(6);
    for (const operation of reads.filter((read) => !read.public)) {
      const { text } = await press(client, operation, alicesIds);
      expect([operation.name, ids.filter((id) => text.includes(id))]).toEqual([operation.name, []]);
      expect([operation.name, /"(total|count|conversations|tasks|messages)":[1-9]/.test(text)]).toEqual([
        operation.name,
        false,
      ]);
    }
  });
});

describe('O7: keys, with row-level security passed and no repository', () => {
  test('no row can refer to a row of another owner', async () => {
    const references = await sqlAsSuperuser<{ name: string; child: string; column: string; parent: string }>(
      database,
      `SELECT f.conname AS name, f.conrelid::regclass::text AS child, f.confrelid::regclass::text AS parent,
         (SELECT attname FROM pg_attribute WHERE attrelid = f.conrelid AND attnum = f.conkey[cardinality(f.conkey)]) AS column
       FROM pg_constraint f WHERE f.contype = 'f' AND f.connamespace = 'app'::regnamespace AND f.confrelid <> 'app.users'::regclass`,
    );
    expect(references.length).toBeGreaterThanOrEqual(6);
    for (const { name, child, column, parent } of references) {
      await sqlAsSuperuser(database, `ALTER TABLE ${child} DISABLE TRIGGER USER`); // what freezes a row would hide the key
      const crossing = sqlAsSuperuser(
        database,
        `UPDATE ${child} SET ${column} = (SELECT id FROM ${parent} WHERE owner_id = $2 LIMIT 1) WHERE owner_id = $1`,
        [bob, alice],
      );
      await expect(crossing).rejects.toMatchObject({ code: '23503', constraint: name });
    }
  });
});
