import { migrate, revert } from '../../src/database/migrate.js';
import { migrations } from '../../src/database/migrations/index.js';
import { createDatabase } from '../../src/database/provision.js';
import { startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { startOwnServer } from '../support/own-server.js';

let server: Awaited<ReturnType<typeof startOwnServer>>;
let database: TestDatabase;

beforeAll(async () => {
  server = await startOwnServer();
  database = server.database;
});
afterAll(() => server.stop());

const made: string[] = [];
afterEach(async () => {
  for (const role of made.splice(0)) await sqlAsSuperuser(database, `DROP ROLE ${role}`);
});

/** A login of these attributes, as the URL of DATABASE_URL. */
async function login(name: string, attributes: string): Promise<string> {
  await sqlAsSuperuser(database, `CREATE ROLE ${name} LOGIN PASSWORD 'x' ${attributes}`);
  made.push(name);
  return Object.assign(new URL(database.app), { username: name, password: 'x' }).href;
}

const UNSAFE = /role of DATABASE_URL could pass row-level security/;
const OTHER_SCHEMA = /schema of the database is older than this version: set MIGRATION_DATABASE_URL/;

describe('O6: the service refuses to start', () => {
  test('as a superuser', () => expect(startApp(undefined, database.superuser)).rejects.toThrow(UNSAFE));

  test('as the owner of the schema', () =>
    expect(startApp(undefined, database.migration)).rejects.toThrow(UNSAFE));

  test.each([
    ['with BYPASSRLS', 'bypassing', 'BYPASSRLS IN ROLE assistant_app'],
    ['that can become the owner of the schema', 'owning', 'IN ROLE assistant_app, assistant_owner'],
    ['that is no member of the app role', 'stranger', ''],
  ])('as a role %s', async (_, name, attributes) => {
    await expect(startApp(undefined, await login(name, attributes))).rejects.toThrow(UNSAFE);
  });

  test('as a role that can become one with BYPASSRLS', async () => {
    await login('powerful', 'BYPASSRLS');
    const url = await login('becoming', 'NOINHERIT IN ROLE assistant_app, powerful');
    await expect(startApp(undefined, url)).rejects.toThrow(UNSAFE);
  });

  test('U4: on a database without a schema, with one that was taken back, and with an older one', async () => {
    const bare = await createDatabase(database.superuser, 'bare');
    await expect(startApp(undefined, bare.app)).rejects.toThrow(OTHER_SCHEMA);
    await migrate(bare.migration, bare.app);
    await revert(bare.migration);
    await expect(startApp(undefined, bare.app)).rejects.toThrow(OTHER_SCHEMA);
    for (let count = migrations.length - 1; count > 0; count--) await revert(bare.migration);
    await expect(startApp(undefined, bare.app)).rejects.toThrow(OTHER_SCHEMA);
  });
});
