import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { clientOf, newOwner, startApp } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { makeConversation } from '../support/factories.js';

/** What has met no row is refused as it was then, though it would meet one by the time the reason is looked up. */

const GATE = 4711; // an advisory lock
let app: NestFastifyApplication;
let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase(`refusals_${process.env.JEST_WORKER_ID}`);
  app = await startApp(undefined, database.app);
  await sqlAsSuperuser(
    database,
    `CREATE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NOT EXISTS (SELECT FROM changed) THEN PERFORM pg_advisory_xact_lock_shared(${GATE}); END IF;
       RETURN NULL; END $$`,
  );
  await sqlAsSuperuser(
    database,
    `CREATE TRIGGER wait_at_gate AFTER UPDATE ON app.conversations REFERENCING NEW TABLE AS changed
     FOR EACH STATEMENT EXECUTE FUNCTION public.wait_at_gate()`,
  );
});
afterAll(() => app.close());

/** Runs SQL when the app's statement has found nothing to change and before it ends. */
async function meanwhile<T>(statement: Promise<T>, text: string, values: unknown[]): Promise<T> {
  const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${GATE} AND NOT granted`;
  while ((await sqlAsSuperuser(database, waiting)).length === 0);
  await sqlAsSuperuser(database, text, values);
  await gate.query('SELECT pg_advisory_unlock_all()');
  return statement;
}

let gate: pg.Client;
beforeEach(async () => {
  gate = new pg.Client({ connectionString: database.superuser });
  await gate.connect();
  await gate.query(`SELECT pg_advisory_lock(${GATE})`);
});
afterEach(() => gate.end());

test('C3: a change of a conversation that leaves the bin meanwhile finds none', async () => {
  const client = await clientOf(app, newOwner());
  const { id } = await makeConversation(client);
  await client.delete(`/v1/conversations/${id}`);
  const answer = await meanwhile(
    client.patch(`/v1/conversations/${id}`, { title: 'Trip' }),
    `UPDATE app.conversations SET deleted_at = NULL WHERE id = $1`,
    [id],
  );
  expectProblem(answer, 404, 'not_found');
});

test('C2: a change for a version that comes meanwhile finds another one', async () => {
  const client = await clientOf(app, newOwner());
  const { id } = await makeConversation(client);
  const answer = await meanwhile(
    client.patch(`/v1/conversations/${id}`, { title: 'Trip' }, { 'if-match': '"2"' }),
    `UPDATE app.conversations SET version = 2 WHERE id = $1`,
    [id],
  );
  expectProblem(answer, 412, 'version_mismatch');
});
