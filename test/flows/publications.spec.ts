import type { Publication } from '../../src/aides/publication.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, newSlug, readPages } from '../support/factories.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
  database = await workerDatabase();
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const publish = (id: string, slug: string, headers?: Record<string, string>) =>
  client.post(`/v1/aides/${id}/publish`, { slug }, headers);
const rename = (id: string, title: string) => client.patch(`/v1/aides/${id}`, { title });
const listOf = async (id: string) =>
  (await client.get<{ data: Publication[] }>(`/v1/aides/${id}/publications`)).body.data;

test('A2: what was published is listed, newest first, and which of it is current', async () => {
  const { id } = await makeAide(client, { title: 'Planner' });
  expect(await listOf(id)).toEqual([]);
  const [first, second] = [newSlug(), newSlug()];
  await publish(id, first);
  await rename(id, 'Better planner');
  const { body } = await publish(id, second);
  const list = await listOf(id);
  expect(list).toEqual([
    {
      id: expect.any(String),
      createdAt: body.publishedAt,
      aideId: id,
      version: 4,
      title: 'Better planner',
      slug: second,
      current: true,
    },
    expect.objectContaining({ version: 2, title: 'Planner', slug: first, current: false }),
  ]);
  await rename(id, 'A draft');
  expect(await listOf(id)).toEqual(list);
});

test.each(['unpublish', 'archive'])('A2: after %s none is current, and the list stays', async (action) => {
  const { id } = await makeAide(client);
  await publish(id, newSlug());
  await client.post(`/v1/aides/${id}/${action}`);
  expect((await listOf(id)).map(({ version, current }) => [version, current])).toEqual([[2, false]]);
});

test('A2: publishing what is published just so is answered as it is, and listed once', async () => {
  const { id } = await makeAide(client);
  const slug = newSlug();
  const { body: first } = await publish(id, slug);
  const answers = await atOnce(5, () => publish(id, slug));
  for (const { status, body } of answers) expect([status, body]).toEqual([200, first]);
  expect(await listOf(id)).toHaveLength(1);
  expectProblem(await publish(id, slug, { 'if-match': '"1"' }), 412, 'version_mismatch');
});

test('A2: what is refused is not listed', async () => {
  const { id } = await makeAide(client);
  const other = await makeAide(client);
  const slug = newSlug();
  await publish(other.id, slug);
  expectProblem(await publish(id, slug), 409, 'slug_taken');
  expectProblem(await publish(id, newSlug(), { 'if-match': '"7"' }), 412, 'version_mismatch');
  await client.post(`/v1/aides/${id}/archive`);
  expectProblem(await publish(id, newSlug()), 409, 'invalid_state');
  expect(await listOf(id)).toEqual([]);
});

test('A2: of 20 who publish one aide at once, each that did is listed, and one is current: the one of the aide', async () => {
  const { id } = await makeAide(client);
  const slugs = Array.from({ length: 20 }, newSlug);
  const answers = await atOnce(20, (i) => publish(id, slugs[i]!));
  expect(statuses(answers)).toEqual({ 200: 20 });
  const list = await listOf(id);
  expect(list.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, i) => 21 - i));
  expect(new Set(list.map(({ slug }) => slug))).toEqual(new Set(slugs));
  const { body: aide } = await client.get(`/v1/aides/${id}`);
  expect(list.filter(({ current }) => current)).toMatchObject([{ slug: aide.slug, version: aide.version }]);
});

test('A2: the list comes in pages, and is the owner’s alone', async () => {
  const { id } = await makeAide(client);
  for (let i = 0; i < 5; i++) await publish(id, newSlug());
  const pages = await readPages<Publication>(client, `/v1/aides/${id}/publications?limit=2`);
  expect(pages.map((page) => page.map(({ version }) => version))).toEqual([[6, 5], [4, 3], [2]]);
  const stranger = await clientOf(app, newOwner());
  expectProblem(await stranger.get(`/v1/aides/${id}/publications`), 404, 'not_found');
});

test('A2, Y2: the list goes with the aide', async () => {
  const { id } = await makeAide(client);
  await publish(id, newSlug());
  await client.delete(`/v1/aides/${id}`);
  expectProblem(await client.get(`/v1/aides/${id}/publications`), 404, 'not_found');
  const left = await sqlAsSuperuser(database, 'SELECT 1 FROM app.aide_publications WHERE aide_id = $1', [id]);
  expect(left).toEqual([]);
});

test('A2: the database lets the service change and remove no publication', async () => {
  const { id } = await makeAide(client);
  await publish(id, newSlug());
  for (const statement of [
    `UPDATE app.aide_publications SET title = 'x'`,
    'DELETE FROM app.aide_publications',
  ])
    await expect(sqlAsApp(database, owner, statement)).rejects.toMatchObject(FORBIDDEN);
});
