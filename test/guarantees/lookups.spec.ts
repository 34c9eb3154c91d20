import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';

/** What can be seen without an owner: by four look-ups and the confirmation of numbers, and by the roles behind them. */

let app: NestFastifyApplication;
let database: TestDatabase;

beforeAll(async () => {
  app = await startApp();
  database = await workerDatabase();
});
afterAll(() => app.close());

const rows = <Row extends object>(text: string) => sqlAsSuperuser<Row>(database, text);

test('O9: four look-ups, the confirmation of numbers, the purges and the leases are the only functions that pass the owner, each with a role of its own', async () => {
  const functions = await rows(`SELECT p.oid::regprocedure::text AS name, p.proowner::regrole::text AS role,
      pg_get_function_result(p.oid) AS result, has_function_privilege('assistant_app', p.oid, 'EXECUTE') AS callable
    FROM pg_proc p WHERE p.prosecdef OR p.pronamespace = 'lookup'::regnamespace ORDER BY 1`);
  expect(functions).toEqual([
    { name: 'app.purge(interval)', role: 'assistant_purge', result: 'bigint', callable: true },
    { name: 'app.purge_idempotency_keys()', role: 'assistant_purge', result: 'void', callable: true },
    { name: 'app.purge_pairing_codes()', role: 'assistant_purge', result: 'void', callable: true },
    { name: 'app.purge_run_chunks()', role: 'assistant_purge', result: 'void', callable: true },
    { name: 'app.purge_socket_tickets()', role: 'assistant_purge', result: 'void', callable: true },
    {
      name: 'app.take_lease(bytea,integer,integer)',
      role: 'assistant_purge',
      result: 'TABLE(granted integer, remaining integer, seconds double precision)',
      callable: true,
    },
    {
      name: 'lookup.confirm_pairing(text,bytea,bytea,text,uuid[])',
      role: 'assistant_pairing',
      result: 'TABLE(owner text, id uuid)',
      callable: true,
    },
    {
      name: 'lookup.lapsed_runs(integer)',
      role: 'assistant_lookup',
      result: 'TABLE(owner text, id uuid)',
      callable: true,
    },
    {
      name: 'lookup.published_aide(text)',
      role: 'assistant_lookup',
      result:
        'TABLE(slug text, title text, state jsonb, version integer, published_at timestamp with time zone)',
      callable: true,
    },
    {
      name: 'lookup.signal_mapping(text)',
      role: 'assistant_lookup',
      result: 'TABLE(owner text, id uuid)',
      callable: true,
    },
    {
      name: 'lookup.take_socket_ticket(bytea)',
      role: 'assistant_purge',
      result: 'TABLE(owner text, token_expires_at timestamp with time zone)',
      callable: true,
    },
  ]);
});

test('O9: their roles can read these columns and no others', async () => {
  const columns = await rows<{ role: string; column: string }>(`
    SELECT g.rolname AS role, c.relname || '.' || a.attname AS column
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0, pg_roles g
    WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r' AND g.rolname IN ('assistant_lookup', 'assistant_purge', 'assistant_pairing')
      AND has_column_privilege(g.oid, c.oid, a.attnum, 'SELECT') ORDER BY 1, 2`);
  const of = (wanted: string) => columns.filter(({ role }) => role === wanted).map(({ column }) => column);
  expect(of('assistant_lookup')).toEqual([
    'aides.published_at',
    'aides.published_state',
    'aides.published_title',
    'aides.published_version',
    'aides.slug',
    'aides.status',
    'runs.id',
    'runs.lease_until',
    'runs.owner_id',
    'runs.status',
    'signal_mappings.id',
    'signal_mappings.owner_id',
    'signal_mappings.phone_number',
    'signal_mappings.verified_at',
  ]);
  expect(of('assistant_purge').filter((column) => !/\.(owner_id|id|deleted_at)$/.test(column))).toEqual([
    'idempotency_keys.created_at',
    'jobs.name',
    'jobs.ran_at',
    'messages.conversation_id',
    'messages.parent_id',
    'pairing_codes.created_at',
    'rate_limits.resets_at',
    'rate_limits.subject',
    'rate_limits.used',
    'run_chunks.created_at',
    'socket_tickets.expires_at',
    'socket_tickets.ticket_hash',
    'socket_tickets.token_expires_at',
  ]);
  expect(of('assistant_pairing')).toEqual([
    'pairing_codes.code_hash',
    'pairing_codes.created_at',
    'pairing_codes.expires_at',
    'pairing_codes.mapping_id',
    'pairing_codes.owner_id',
    'pairing_codes.tries',
    'rate_limits.resets_at',
    'rate_limits.subject',
    'rate_limits.used',
    'signal_mappings.id',
    'signal_mappings.owner_id',
    'signal_mappings.phone_number',
    'signal_mappings.verified_at',
    'signal_mappings.version',
  ]);
});

test('O9: and of the rows, published aides, verified numbers, abandoned turns and the number that is being confirmed alone', async () => {
  const client = await clientOf(app, newOwner());
  const { body: draft } = await client.post('/v1/aides', { title: 'A draft' });
  const { body: conversation } = await client.post('/v1/conversations', {});
  const claim = { phoneNumber: '+4915112345678', aideId: draft.id, conversationId: conversation.id };
  expect((await client.post('/v1/signal-mappings', claim)).status).toBe(201);
  expect(
    (await client.post(`/v1/conversations/${conversation.id as string}/turns`, { content: 'Hello' })).status,
  ).toBe(202);
  const asRole = (role: string) => ({
    ...database,
    superuser: `${database.superuser}?options=-c%20role%3D${role}`,
  });
  const seen = await sqlAsSuperuser(
    asRole('assistant_lookup'),
    `SELECT current_user::text AS role,
       (SELECT count(*)::int FROM app.aides WHERE status <> 'published') AS drafts,
       (SELECT count(*)::int FROM app.signal_mappings WHERE verified_at IS NULL) AS claims,
       (SELECT count(*)::int FROM app.runs WHERE status <> 'running' OR lease_until >= now()) AS turns`,
  );
  expect(seen).toEqual([{ role: 'assistant_lookup', drafts: 0, claims: 0, turns: 0 }]);
  const numbers = await sqlAsSuperuser(
    asRole('assistant_pairing'),
    'SELECT phone_number FROM app.signal_mappings', // without the number that is being confirmed
  );
  expect(numbers).toEqual([]);
});
