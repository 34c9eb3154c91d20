import { DataSource, getMetadataArgsStorage } from 'typeorm';
import '../../src/app.module.js';
import { migrationOptions } from '../../src/database/data-source.js';
import { schemaDrift } from '../../src/database/drift.js';
import { freshDatabase } from '../support/database.js';

let dataSource: DataSource;

/** The entities are those that the modules of the application declare. */
beforeAll(async () => {
  const { superuser } = await freshDatabase(`drift_${process.env.JEST_WORKER_ID}`);
  const entities = getMetadataArgsStorage().tables.map(({ target }) => target as () => unknown);
  dataSource = await new DataSource({ ...migrationOptions(superuser), entities }).initialize();
});
afterAll(() => dataSource.destroy());

test('entities and migrations agree', async () => {
  expect(await schemaDrift(dataSource)).toEqual([]);
});

test.each([
  [
    'a column that no entity has',
    'ALTER TABLE app.tasks ADD planted text',
    'planted',
    'ALTER TABLE app.tasks DROP planted',
  ],
  [
    'a missing column',
    'ALTER TABLE app.users DROP updated_at',
    'updated_at',
    'ALTER TABLE app.users ADD updated_at timestamptz(3) NOT NULL DEFAULT now()',
  ],
  [
    'another type',
    'ALTER TABLE app.tasks ALTER due_date TYPE timestamptz(0)',
    'due_date',
    'ALTER TABLE app.tasks ALTER due_date TYPE timestamptz(3)',
  ],
  [
    'a missing index',
    'DROP INDEX app.tasks_newest_idx',
    'tasks_newest_idx',
    'CREATE INDEX tasks_newest_idx ON app.tasks (owner_id, created_at, id)',
  ],
  [
    'a missing foreign key',
    'ALTER TABLE app.audit_log DROP CONSTRAINT audit_log_owner_id_fkey',
    'audit_log_owner_id_fkey',
    'ALTER TABLE app.audit_log ADD CONSTRAINT audit_log_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE',
  ],
  [
    'a CHECK of another meaning',
    'ALTER TABLE app.tasks DROP CONSTRAINT tasks_title_check, ADD CONSTRAINT tasks_title_check CHECK (char_length(title) <= 9)',
    'tasks_title_check',
    'SELECT 1',
  ],
])('drift is found: %s', async (_, change, difference, undo) => {
  await dataSource.query(change);
  expect((await schemaDrift(dataSource)).join('\n')).toContain(difference);
  await dataSource.query(undo);
});
