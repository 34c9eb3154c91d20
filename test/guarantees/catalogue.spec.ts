import { DataSource } from 'typeorm';
import { auditCatalogue } from '../../src/database/catalogue.js';
import { migrationOptions } from '../../src/database/data-source.js';
import { workerDatabase } from '../support/database.js';

let dataSource: DataSource;

beforeAll(async () => {
  const { superuser } = await workerDatabase();
  dataSource = await new DataSource(migrationOptions(superuser)).initialize();
});
afterAll(() => dataSource.destroy());

/** What the audit finds after a change that is then taken back. */
async function auditAfter(change: string): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query(change);
    return await auditCatalogue(runner);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

test('O5, O7: the audit finds nothing in the migrated database', async () => {
  expect(await auditCatalogue(dataSource)).toEqual([]);
});

const NEW_TABLE = `CREATE TABLE app.planted (owner_id text NOT NULL, id uuid NOT NULL, PRIMARY KEY (owner_id, id))`;

test.each([
  ['a table that nobody protected', NEW_TABLE, 'row-level security is not enabled and forced: planted'],
  [
    'a table without a user',
    `${NEW_TABLE}; SELECT app.protect('planted')`,
    'does not lead to its user: planted',
  ],
  ['a table without an owner', `CREATE TABLE app.planted (id uuid PRIMARY KEY)`, 'no owner column'],
  [
    'a nullable owner',
    `ALTER TABLE app.tasks DROP CONSTRAINT tasks_pkey; ALTER TABLE app.tasks ALTER owner_id DROP NOT NULL`,
    'no owner column',
  ],
  ['RLS that is off', `ALTER TABLE app.tasks DISABLE ROW LEVEL SECURITY`, 'not enabled and forced: tasks'],
  [
    'RLS that spares the table owner',
    `ALTER TABLE app.tasks NO FORCE ROW LEVEL SECURITY`,
    'not enabled and forced: tasks',
  ],
  [
    'a second, open policy',
    `CREATE POLICY open ON app.tasks USING (true)`,
    'neither the template nor listed: tasks.open',
  ],
  [
    'a policy that lets "no owner" through',
    `ALTER POLICY owner ON app.tasks USING (owner_id = (SELECT app.owner_id()) OR (SELECT app.owner_id()) IS NULL)`,
    'no policy is the template: tasks',
  ],
  [
    'a policy that checks no writes',
    `ALTER POLICY owner ON app.tasks WITH CHECK (true)`,
    'no policy is the template: tasks',
  ],
  [
    'a policy of one role',
    `ALTER POLICY owner ON app.tasks TO assistant_app`,
    'no policy is the template: tasks',
  ],
  ['a missing policy', `DROP POLICY owner ON app.tasks`, 'no policy is the template: tasks'],
  [
    'a wider look-up',
    `ALTER POLICY lookup ON app.aides USING (true)`,
    'neither the template nor listed: aides.lookup',
  ],
  [
    'a foreign key without the owner',
    `CREATE UNIQUE INDEX planted ON app.aides (id); ALTER TABLE app.tasks ADD aide_id uuid, ADD CONSTRAINT planted_fkey FOREIGN KEY (aide_id) REFERENCES app.aides (id)`,
    'a foreign key without the owner: planted_fkey',
  ],
  [
    'a unique index across owners',
    `CREATE UNIQUE INDEX planted_key ON app.tasks (title)`,
    'not led by the owner: planted_key',
  ],
  [
    'an index across owners',
    `CREATE INDEX planted_idx ON app.messages (created_at)`,
    'not led by the owner: planted_idx',
  ],
  ['a grant to everybody', `GRANT SELECT ON app.tasks TO PUBLIC`, 'a grant to PUBLIC'],
  [
    'an UPDATE of whole rows',
    `GRANT UPDATE ON app.messages TO assistant_app`,
    'a grant to PUBLIC or of more than',
  ],
  ['TRUNCATE', `GRANT TRUNCATE ON app.tasks TO assistant_app`, 'a grant to PUBLIC or of more than'],
  [
    'a changeable owner',
    `GRANT UPDATE (owner_id) ON app.tasks TO assistant_app`,
    'the owner or id of a row can be changed: tasks.owner_id',
  ],
  ['a view', `CREATE VIEW app.planted AS SELECT * FROM app.tasks`, 'a view or rule'],
  [
    'a materialized view',
    `CREATE MATERIALIZED VIEW app.planted AS SELECT * FROM app.tasks`,
    'not enabled and forced: planted',
  ],
  [
    'a definer function',
    `CREATE FUNCTION app.planted() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT 1'`,
    'a SECURITY DEFINER function',
  ],
  [
    'a definer function outside the schemas',
    `CREATE FUNCTION public.planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`,
    'a SECURITY DEFINER function',
  ],
  [
    'a loose search_path',
    `ALTER FUNCTION lookup.published_aide(text) RESET search_path`,
    'search_path is not pinned',
  ],
  [
    "a look-up that is its table owner's",
    `ALTER FUNCTION lookup.published_aide(text) OWNER TO assistant_owner`,
    'a definer function of the wrong role',
  ],
  [
    'a look-up that all may call',
    `GRANT EXECUTE ON FUNCTION lookup.signal_mapping(text) TO PUBLIC`,
    'PUBLIC may call',
  ],
  [
    'an app role that bypasses',
    `ALTER ROLE assistant_app BYPASSRLS`,
    'a role that could pass the walls: assistant_app',
  ],
  [
    'a login that bypasses',
    `ALTER ROLE assistant_login BYPASSRLS`,
    'a member of the app role that could pass',
  ],
  [
    'an app role that owns',
    `ALTER TABLE app.tasks OWNER TO assistant_app`,
    'a table that the app role owns: tasks',
  ],
])('O5–O7: the audit finds %s', async (_, change, defect) => {
  expect(await auditAfter(change)).toContainEqual(expect.stringContaining(defect));
});
