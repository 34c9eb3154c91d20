import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { getMetadataStorage } from 'class-validator';
import pg from 'pg';
import { Environment } from '../src/config/environment.js';
import { runCommand, runProgram } from './support/command.js';
import { freshDatabase, sqlAsSuperuser, workerDatabase } from './support/database.js';
import { freePort } from './support/free-port.js';

/** What a start that fails says: exit code 1 and one line, without a stack and without the password. */
async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
  const { code, errors } = await runProgram('main.js', [], env);
  expect(code).toBe(1);
  expect(errors.trim().split('\n')).toHaveLength(1);
  for (const url of [env.DATABASE_URL, env.MIGRATION_DATABASE_URL])
    if (url) expect(errors).not.toContain(new URL(url).password);
  return errors.trim();
}

const changed = (url: string, change: Partial<URL>) => Object.assign(new URL(url), change).href;

test('U1: a database that does not answer is named by its variable and address', async () => {
  const port = await freePort();
  const nobody = `postgres://assistant:the-password@127.0.0.1:${port}/assistant`;
  expect(await refusal({ DATABASE_URL: nobody })).toBe(
    `DATABASE_URL: cannot connect to 127.0.0.1:${port}/assistant as assistant: connect ECONNREFUSED 127.0.0.1:${port}`,
  );
  expect(await refusal({ DATABASE_URL: nobody, MIGRATION_DATABASE_URL: nobody })).toMatch(
    /^MIGRATION_DATABASE_URL: cannot connect/,
  );
});

test('U1: a wrong password and a missing database are told as such', async () => {
  const { app } = await workerDatabase();
  expect(await refusal({ DATABASE_URL: changed(app, { password: 'wrong-password' }) })).toMatch(
    /^DATABASE_URL: .*password authentication failed/,
  );
  expect(await refusal({ DATABASE_URL: changed(app, { pathname: '/no_such_database' }) })).toMatch(
    /^DATABASE_URL: .*database "no_such_database" does not exist/,
  );
});

test('O6: the server refuses to start as a superuser or as the owner of the schema', async () => {
  const { superuser, migration } = await workerDatabase();
  for (const DATABASE_URL of [superuser, migration])
    expect(await refusal({ DATABASE_URL })).toMatch(
      /^the role of DATABASE_URL could pass row-level security/,
    );
});

test('U4: on a database without the schema the server says how to migrate', async () => {
  const { app } = await freshDatabase('without_schema', 'template0');
  expect(await refusal({ DATABASE_URL: app })).toMatch(
    /set MIGRATION_DATABASE_URL, or run `npm run migration:run`/,
  );
});

test('O6: migrations name docs/roles.sql where the server is not prepared', async () => {
  const { superuser } = await freshDatabase('unprepared', 'template0');
  const database = { ...(await workerDatabase()), superuser };
  await sqlAsSuperuser(database, `DROP ROLE IF EXISTS plain_owner`);
  await sqlAsSuperuser(database, `CREATE ROLE plain_owner LOGIN PASSWORD 'the-password'`);
  await sqlAsSuperuser(database, `ALTER DATABASE unprepared OWNER TO plain_owner`);
  const url = changed(superuser, { username: 'plain_owner', password: 'the-password' });
  const { code, errors } = await runCommand('migrate', ['run'], { MIGRATION_DATABASE_URL: url });
  expect(code).toBe(1);
  expect(errors.trim().split('\n').at(-1)).toMatch(
    /^MIGRATION_DATABASE_URL: .*plain_owner.*docs\/roles\.sql$/,
  );
  const left = await sqlAsSuperuser(database, `SELECT FROM pg_namespace WHERE nspname = 'app'`);
  expect(left).toHaveLength(0);
});

test('O6: a migrating role that may create roles makes the login of DATABASE_URL, with its limits', async () => {
  const fresh = await freshDatabase('new_login', 'template0');
  await sqlAsSuperuser(fresh, `DROP ROLE IF EXISTS fresh_login`);
  const login = changed(fresh.app, { username: 'fresh_login', password: 'p%40ss word' });
  const env = { MIGRATION_DATABASE_URL: fresh.superuser, DATABASE_URL: login };
  expect(await runCommand('migrate', ['run'], env)).toMatchObject({ code: 0, errors: '' });
  const client = new pg.Client({ connectionString: login });
  await client.connect();
  const { rows } = await client.query(`SELECT current_setting('statement_timeout') AS statement,
    current_setting('lock_timeout') AS lock, current_setting('timezone') AS zone,
    current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('transaction_timeout') AS transaction,
    rolsuper OR rolbypassrls OR rolcreaterole AS mighty
    FROM pg_roles WHERE rolname = current_user`);
  await client.end();
  expect(rows).toEqual([
    { statement: '5s', lock: '2s', zone: 'UTC', idle: '10s', transaction: '10s', mighty: false },
  ]);
});

test('O6: migrating again gives a login the limits that it lacks, and changes none', async () => {
  const fresh = await freshDatabase('old_login', 'template0');
  await sqlAsSuperuser(fresh, `DROP ROLE IF EXISTS old_login`);
  const env = {
    MIGRATION_DATABASE_URL: fresh.superuser,
    DATABASE_URL: changed(fresh.app, { username: 'old_login', password: 'password' }),
  };
  await runCommand('migrate', ['run'], env);
  await sqlAsSuperuser(fresh, `ALTER ROLE old_login RESET transaction_timeout`);
  await sqlAsSuperuser(fresh, `ALTER ROLE old_login SET lock_timeout = '3s'`);
  expect(await runCommand('migrate', ['run'], env)).toMatchObject({ code: 0, errors: '' });
  const [role] = await sqlAsSuperuser<{ rolconfig: string[] }>(
    fresh,
    `SELECT rolconfig FROM pg_roles WHERE rolname = 'old_login'`,
  );
  expect(role!.rolconfig).toEqual(expect.arrayContaining(['transaction_timeout=10s', 'lock_timeout=3s']));
});

test('O6: docs/roles.sql sets the same limits as the service does', () => {
  const script = readFileSync('docs/roles.sql', 'utf8');
  const service = readFileSync('src/database/roles.ts', 'utf8');
  const limits = [...service.matchAll(/^ {2}(\w+): '([^']+)',$/gm)].map(
    ([, name, value]) => `SET ${name} = '${value}'`,
  );
  expect(limits).toHaveLength(6);
  for (const limit of limits) expect(script).toContain(limit);
});

test('U1: a port in use is named by its variable', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const { app } = await workerDatabase();
  expect(await refusal({ DATABASE_URL: app, PORT: String(port) })).toMatch(
    new RegExp(`^PORT ${port} is in use on 127.0.0.1`),
  );
  other.close();
});

test('U1: .env.example explains exactly the variables that the service reads', () => {
  const explained = readFileSync('.env.example', 'utf8').matchAll(/^#? ?([A-Z_]+)=/gm);
  const read = getMetadataStorage()
    .getTargetValidationMetadatas(Environment, '', true, false)
    .map(({ propertyName }) => propertyName);
  expect(new Set([...explained].map(([, name]) => name))).toEqual(new Set(read));
});
