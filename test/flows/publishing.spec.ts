import type { Aide } from '../../src/aides/aide.entity.js';
import { ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, newSlug } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let client: ApiClient;
let anyone: ApiClient;

beforeAll(async () => {
  app = await startApp();
  anyone = new ApiClient(originOf(app));
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const publish = (id: string, slug: unknown, as = client) =>
  as.post<Aide>(`/v1/aides/${id}/publish`, { slug });
const look = (slug: string, headers?: Record<string, string>) =>
  anyone.get(`/v1/public/aides/${slug}`, headers);

test('A5: anyone reads exactly the published fields, as they were when published', async () => {
  const { id } = await makeAide(client, { title: 'Planner', state: { tone: 'friendly' } });
  const slug = newSlug();
  const { body: published } = await publish(id, slug);
  expect(published).toMatchObject({ status: 'published', slug, version: 2, publishedVersion: 2 });
  await client.patch(`/v1/aides/${id}`, { title: 'A later draft' });
  const { publishedAt } = published;
  const answer = await look(slug);
  expect(answer.body).toEqual({
    slug,
    title: 'Planner',
    state: { tone: 'friendly' },
    version: 2,
    publishedAt,
  });
  expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
});

test('A5: publishing again moves title, state and slug, and frees the old slug', async () => {
  const { id } = await makeAide(client, { title: 'Planner' });
  const [first, second] = [newSlug(), newSlug()];
  await publish(id, first);
  await client.patch(`/v1/aides/${id}`, { title: 'Better planner' });
  await publish(id, second);
  expectProblem(await look(first), 404, 'not_found');
  expect((await look(second)).body).toMatchObject({ title: 'Better planner', version: 4 });
});

test('A5: the page has an ETag that holds until another publication stands there', async () => {
  const slug = newSlug();
  const { id } = await makeAide(client);
  await publish(id, slug);
  const etag = (await look(slug)).headers.get('etag')!;
  expect((await look(slug, { 'if-none-match': etag })).status).toBe(304);
  await client.post(`/v1/aides/${id}/unpublish`);

  const other = await clientOf(app, newOwner());
  const successor = await makeAide(other, { title: 'Of the same version' });
  await publish(successor.id, slug, other);
  expect((await look(slug, { 'if-none-match': etag })).status).toBe(200);
});

test.each(['unpublish', 'archive'])(
  'A5: after %s the page is gone at once, also for caches',
  async (action) => {
    const { id } = await makeAide(client);
    const slug = newSlug();
    await publish(id, slug);
    const { body } = await client.post(`/v1/aides/${id}/${action}`);
    expect(body).toMatchObject({ slug: null, publishedAt: null, publishedVersion: null });
    const gone = await look(slug);
    expectProblem(gone, 404, 'not_found');
    expect(gone.headers.get('cache-control')).toBe('no-store');
  },
);

test('A5: deleting the aide takes its page down', async () => {
  const { id } = await makeAide(client);
  const slug = newSlug();
  await publish(id, slug);
  await client.delete(`/v1/aides/${id}`);
  expectProblem(await look(slug), 404, 'not_found');
});

test('A5: a slug has one winner, across owners, and cannot be taken over', async () => {
  const slug = newSlug();
  const rivals = await atOnce(10, () => clientOf(app, newOwner()));
  const aides = await Promise.all(rivals.map((rival) => makeAide(rival)));
  const answers = await atOnce(10, (i) => publish(aides[i]!.id, slug, rivals[i]));
  expect(statuses(answers)).toEqual({ 200: 1, 409: 9 });
  const winner = answers.findIndex(({ status }) => status === 200);
  const loser = (winner + 1) % 10;
  expectProblem(await publish(aides[loser]!.id, slug, rivals[loser]), 409, 'slug_taken');
  await rivals[winner]!.post(`/v1/aides/${aides[winner]!.id}/unpublish`);
  expect((await publish(aides[loser]!.id, slug, rivals[loser])).status).toBe(200);
});

test('A2: an archived aide cannot be published; unarchived it is a draft without a page', async () => {
  const { id } = await makeAide(client);
  const slug = newSlug();
  await publish(id, slug);
  await client.post(`/v1/aides/${id}/archive`);
  expectProblem(await publish(id, slug), 409, 'invalid_state');
  expect((await client.post(`/v1/aides/${id}/unarchive`)).body).toMatchObject({
    status: 'draft',
    slug: null,
  });
  expectProblem(await look(slug), 404, 'not_found');
});

test.each(['ab', 'x'.repeat(64), '-abc', 'abc-', 'Abc', 'a_c', 'a b', 'äbc', 'abc\n', '', null, 7, ['abc']])(
  'A1: slug %j is refused',
  async (slug) => {
    const { id } = await makeAide(client);
    expectProblem(await publish(id, slug), 400, 'invalid_request', '/slug');
  },
);

test.each(['abc', 'a-c', 'a--c', '123', 'y'.repeat(63)])('A1: slug %s is accepted', async (slug) => {
  const { id } = await makeAide(client);
  expect((await publish(id, slug)).status).toBe(200);
});

test.each([
  ['nobody', 404, 'not_found'],
  ['Nobody', 404, 'not_found'],
  ["x'--", 404, 'not_found'],
  ['%00', 400, 'invalid_request'],
  ['%zz', 401, 'unauthenticated'], // a malformed path is no public one
  ['x'.repeat(300), 404, 'not_found'],
] as const)('A5: looking up %s is answered by %i', async (slug, status, code) => {
  const answer = await look(slug);
  expectProblem(answer, status, code);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
});
