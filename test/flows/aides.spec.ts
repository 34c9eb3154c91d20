import pg from 'pg';
import type { Aide } from '../../src/aides/aide.entity.js';
import { UsersService } from '../../src/users/users.service.js';
import { runAs } from '../../src/auth/owner-context.js';
import { toOwnerId } from '../../src/auth/owner-id.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, makeConversation, readPages } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const ids = async (path: string) => (await readPages<Aide>(client, path)).flat().map(({ id }) => id);
const act = (id: string, action: string) => client.post<Aide>(`/v1/aides/${id}/${action}`);

test('A1: a new aide is a draft with a storage prefix; its state comes only when asked for', async () => {
  const state = { tone: 'friendly', nested: { list: [1, null, { deep: true }] }, toString: 'kept' };
  const { id, createdAt, ...aide } = await makeAide(client, { title: 'Planner', state });
  expect(aide).toEqual({
    title: 'Planner',
    status: 'draft',
    slug: null,
    storagePrefix: `aides/${id}`,
    publishedAt: null,
    publishedVersion: null,
    updatedAt: createdAt,
    version: 1,
    stateVersion: 1,
    toolApproval: 'none',
  });
  const path = `/v1/aides/${id}`;
  expect((await client.get<Aide>(path)).body).not.toHaveProperty('state');
  expect((await client.get<Aide>(`${path}?include=state`)).body.state).toEqual(state);
  const [listed] = (await readPages<Aide>(client, '/v1/aides')).flat();
  expect(listed).not.toHaveProperty('state');
  expect((await readPages<Aide>(client, '/v1/aides?include=state')).flat()[0]!.state).toEqual(state);
});

test.each([
  ['empty', '', 400],
  ['blank', ' \t\n', 400],
  ['of 200 characters', 'x'.repeat(200), 201],
  ['of 201 characters', 'x'.repeat(201), 400],
  ['of 200 emoji', '😀'.repeat(200), 201],
  ['of 201 emoji', '😀'.repeat(201), 400],
  ['that is a number', 7, 400],
  ['null', null, 400],
])('A1: a title %s is answered by its status', async (_, title, status) => {
  const answer = await client.post('/v1/aides', { title });
  expect(answer.status).toBe(status);
  if (status === 400) expectProblem(answer, 400, 'invalid_request', '/title');
});

test('H4: which tools wait for approval is a setting of the aide', async () => {
  const { id } = await makeAide(client);
  const path = `/v1/aides/${id}`;
  expect((await client.patch<Aide>(path, { toolApproval: 'destructive' })).body.toolApproval).toBe(
    'destructive',
  );
  for (const toolApproval of ['all', null, true, ''])
    expectProblem(await client.patch(path, { toolApproval }), 400, 'invalid_request', '/toolApproval');
  expect((await client.get<Aide>(path)).body.toolApproval).toBe('destructive');
  expect((await makeAide(client, { toolApproval: 'destructive' })).toolApproval).toBe('destructive');
});

test.each([
  [`title = ''`, 'aides_title_check'],
  [`title = repeat('x', 201)`, 'aides_title_check'],
  [`status = 'open'`, 'aides_status_check'],
  [`state = '[]'`, 'aides_state_check'],
  [`tool_approval = 'all'`, 'aides_tool_approval_check'],
  [`slug = 'a-slug'`, 'aides_published_check'],
  [`status = 'published'`, 'aides_published_check'],
])('A1: the database refuses %s', async (assignment, constraint) => {
  const { id } = await makeAide(client);
  const update = sqlAsSuperuser(database, `UPDATE app.aides SET ${assignment} WHERE id = $1`, [id]);
  await expect(update).rejects.toMatchObject({ constraint });
});

test('A2: lists are newest update first, without the archived, filtered by status; counts agree', async () => {
  const [a, b, c] = [await makeAide(client), await makeAide(client), await makeAide(client)];
  await client.patch(`/v1/aides/${a.id}`, { title: 'Changed' });
  await act(b.id, 'archive');
  expect(await ids('/v1/aides')).toEqual([a.id, c.id]);
  expect(await ids('/v1/aides?status=archived')).toEqual([b.id]);
  expect(await ids('/v1/aides?status=draft')).toEqual([a.id, c.id]);
  expect(await ids('/v1/aides?status=published')).toEqual([]);
  for (const [query, count] of [
    ['', 3],
    ['?status=draft', 2],
    ['?status=archived', 1],
    ['?status=published', 0],
  ])
    expect((await client.get(`/v1/aides/count${query}`)).body).toEqual({ count });
  expectProblem(await client.get('/v1/aides/count?status=gone'), 400, 'invalid_request', '/status');
});

test('A2: a title changes, an empty patch makes no version, other fields are refused', async () => {
  const { id, version } = await makeAide(client);
  const path = `/v1/aides/${id}`;
  expect((await client.patch(path, { title: 'New' })).body).toMatchObject({
    title: 'New',
    version: version + 1,
  });
  expect((await client.patch(path, {})).body).toMatchObject({ title: 'New', version: version + 1 });
  for (const field of ['state', 'status', 'slug', 'ownerId', 'version', 'id'])
    expectProblem(await client.patch(path, { [field]: 'x' }), 400, 'invalid_request', `/${field}`);
  expectProblem(await client.patch(path, { title: null }), 400, 'invalid_request', '/title');
});

test('A2: archiving and bringing back are done once however often they are asked', async () => {
  const { id } = await makeAide(client);
  expect((await act(id, 'archive')).body).toMatchObject({ status: 'archived', version: 2 });
  expect((await act(id, 'archive')).body).toMatchObject({ status: 'archived', version: 2 });
  expect((await act(id, 'unarchive')).body).toMatchObject({ status: 'draft', version: 3 });
  expect((await act(id, 'unarchive')).body).toMatchObject({ status: 'draft', version: 3 });
  expect((await act(id, 'unpublish')).body).toMatchObject({ status: 'draft', version: 3 });
});

test('A2: a deleted aide is gone and its conversations stay, without an aide', async () => {
  const { id } = await makeAide(client);
  const conversation = await makeConversation(client, { aideId: id });
  expect((await client.delete(`/v1/aides/${id}`)).status).toBe(204);
  expectProblem(await client.get(`/v1/aides/${id}`), 404, 'not_found');
  expectProblem(await client.delete(`/v1/aides/${id}`), 404, 'not_found');
  const { body } = await client.get(`/v1/conversations/${conversation.id}`);
  expect(body).toMatchObject({ aideId: null, version: 2, updatedAt: conversation.updatedAt });
});

test('A2: a conversation that is being created for an aide does not stop its deletion', async () => {
  const [{ id }, made] = [await makeAide(client), await makeConversation(client)];
  const creator = new pg.Client({ connectionString: database.superuser });
  await creator.connect();
  await creator.query('BEGIN');
  await creator.query(
    `INSERT INTO app.conversations (owner_id, id, aide_id) VALUES ($1, gen_random_uuid(), $2)`,
    [owner, id],
  );
  const deletion = client.delete(`/v1/aides/${id}`);
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await sqlAsSuperuser(database, waiting)).length === 0);
  await creator.query('COMMIT');
  await creator.end();

  expect((await deletion).status).toBe(204);
  expect(await ids(`/v1/conversations?aideId=${id}`)).toEqual([]);
  expect(await ids('/v1/conversations')).toHaveLength(2);
  expect(await ids('/v1/conversations')).toContain(made.id);
});

test('A6: of 20 creates at one below the limit exactly one succeeds', async () => {
  for (let i = 0; i < 4; i++) await makeAide(client);
  const answers = await atOnce(20, () => client.post('/v1/aides', { title: 'One more' }));
  expect(statuses(answers)).toEqual({ 201: 1, 403: 19 });
  expectProblem(
    answers.find(({ status }) => status === 403)!,
    403,
    'tier_limit_exceeded',
  );
  expect(await ids('/v1/aides')).toHaveLength(5);
});

test('A6: un-archiving counts like creating, also at the same time', async () => {
  const archived = [await makeAide(client), await makeAide(client), await makeAide(client)];
  for (const { id } of archived) await act(id, 'archive');
  for (let i = 0; i < 4; i++) await makeAide(client);
  const answers = await atOnce(12, (i) =>
    i % 2
      ? client.post<Aide>('/v1/aides', { title: 'One more' })
      : act(archived[(i / 2) % 3]!.id, 'unarchive'),
  );
  expect(await ids('/v1/aides')).toHaveLength(5);
  expect(Object.keys(statuses(answers)).filter((status) => !['200', '201', '403'].includes(status))).toEqual(
    [],
  );
});

test('A6: archiving makes room, and pro is without limit', async () => {
  for (let i = 0; i < 4; i++) await makeAide(client);
  const { id } = await makeAide(client);
  await act(id, 'archive');
  await makeAide(client);
  expectProblem(await act(id, 'unarchive'), 403, 'tier_limit_exceeded');

  const named = toOwnerId(owner)!;
  await runAs(named, 'a-command', () => app.get(UsersService).setTier(named, 'pro'));
  expect((await act(id, 'unarchive')).status).toBe(200);
  expect(statuses(await atOnce(10, () => client.post('/v1/aides', { title: 'More' })))).toEqual({ 201: 10 });
  expect((await client.get('/v1/me')).body).toMatchObject({
    tier: 'pro',
    limits: { aides: null },
    usage: { aides: 16 },
  });
});
