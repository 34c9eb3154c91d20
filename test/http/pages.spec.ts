import type { Task } from '../../src/tasks/task.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { expectProblem } from '../support/expectations.js';
import { makeConversation, makeMessage, makeTask, readPages } from '../support/factories.js';

interface TaskPage {
  data: Task[];
  nextCursor: string | null;
  total?: number;
}

let app: Awaited<ReturnType<typeof startApp>>;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
  owner = newOwner();
  client = await clientOf(app, owner);
  for (let i = 0; i < 5; i++) await makeTask(client, { title: `${i}` });
});
afterAll(() => app.close());

const page = (query = '') => client.get<TaskPage>(`/v1/tasks${query}`);
const cursorOf = async (query: string) => (await page(query)).body.nextCursor!;

const sizes = async (limit: number) =>
  (await readPages(client, `/v1/tasks?limit=${limit}`)).map((p) => p.length);

test('T2: a list is data and a cursor, null on the last page, also when it ends exactly', async () => {
  expect(Object.keys((await page()).body).toSorted()).toEqual(['data', 'nextCursor']);
  expect(await sizes(2)).toEqual([2, 2, 1]);
  expect(await sizes(5)).toEqual([5]);
  expect(await sizes(1)).toEqual([1, 1, 1, 1, 1]);
  const empty = await (await clientOf(app, newOwner())).get('/v1/tasks?total=true');
  expect(empty.body).toEqual({ data: [], nextCursor: null, total: 0 });
});

test('T2: the Link header leads through the pages with all filters, and is absent on the last', async () => {
  let path = '/v1/tasks?limit=2&status=open&sort=priority&total=true';
  const titles: string[] = [];
  for (let pages = 1; ; pages++) {
    const { body, headers } = await client.get<TaskPage>(path);
    titles.push(...body.data.map(({ title }) => title));
    expect(body.total).toBe(5);
    const link = headers.get('link');
    if (pages === 3) {
      expect(link).toBeNull();
      break;
    }
    path = /^<(\/v1\/tasks\?[^>]+)>; rel="next"$/.exec(link!)![1]!;
    expect(new URLSearchParams(path.split('?')[1]).get('cursor')).toBe(body.nextCursor);
  }
  expect(titles).toEqual(['0', '1', '2', '3', '4']);
});

test('U3: total is exact, of the filtered list, and only when asked for', async () => {
  const answer = await page('?limit=2&total=true&priority=medium');
  expect(answer.body.total).toBe(5);
  expect(answer.headers.get('x-total-count')).toBe('5');
  expect((await page('?total=true&priority=high')).body.total).toBe(0);
  expect((await page('?total=false')).body).not.toHaveProperty('total');
  expect((await page()).headers.has('x-total-count')).toBe(false);
});

test('O4: a cursor that is tampered with in any place is refused', async () => {
  const cursor = await cursorOf('?limit=2');
  const [payload, signature] = cursor.split('.') as [string, string];
  const forged = Buffer.from(JSON.stringify(['2000-01-01T00:00:00.000Z', 'x'])).toString('base64url');
  const other = (await cursorOf('?limit=3')).split('.')[0]!;
  const flipped = Array.from(
    cursor,
    (c, i) => cursor.slice(0, i) + (c === 'A' ? 'B' : 'A') + cursor.slice(i + 1),
  );
  for (const bad of [
    ...flipped,
    '',
    '.',
    payload,
    `${payload}.`,
    `.${signature}`,
    `${forged}.${signature}`,
    `${other}.${signature}`,
    `${cursor}.`,
    `${cursor}=`,
    `${cursor}%0A`,
    `${cursor}&cursor=${cursor}`,
  ])
    expectProblem(await page(`?limit=2&cursor=${bad}`), 400, 'invalid_cursor');
});

test('O4: a cursor holds for its owner, list, filters and sort alone; the page size may change', async () => {
  const cursor = await cursorOf('?limit=2&sort=priority');
  const stranger = await clientOf(app, newOwner());
  expectProblem(await stranger.get(`/v1/tasks?sort=priority&cursor=${cursor}`), 400, 'invalid_cursor');
  expectProblem(await client.get(`/v1/aides?sort=priority&cursor=${cursor}`), 400, 'invalid_cursor');
  for (const query of ['', 'sort=createdAt&', 'sort=priority&status=open&', 'sort=priority&priority=low&'])
    expectProblem(await page(`?${query}cursor=${cursor}`), 400, 'invalid_cursor');
  const next = await page(`?total=true&cursor=${cursor}&limit=1&sort=priority`);
  expect(next.body).toMatchObject({ total: 5, data: [{ title: '2' }] });
});

test('M4: a cursor of one conversation does not open another', async () => {
  const [a, b] = [await makeConversation(client), await makeConversation(client)];
  for (const conversation of [a, a, b, b]) await makeMessage(client, conversation);
  const { body } = await client.get<TaskPage>(`/v1/conversations/${a.id}/messages?limit=1`);
  const elsewhere = `/v1/conversations/${b.id}/messages?limit=1&cursor=${body.nextCursor}`;
  expectProblem(await client.get(elsewhere), 400, 'invalid_cursor');
});

test('T2: another instance with the same settings takes the cursor', async () => {
  const cursor = await cursorOf('?limit=4');
  const instance = await startApp();
  try {
    const answer = await (await clientOf(instance, owner)).get(`/v1/tasks?cursor=${cursor}`);
    expect(answer.body).toMatchObject({ data: [{ title: '0' }], nextCursor: null });
  } finally {
    await instance.close();
  }
});

test.each(['0', '101', '-1', '1.5', '1e2', '0x10', '', ' 1', '%2B1', '١', 'all', '9999999999', '1&limit=2'])(
  'T2: limit=%s is refused',
  async (limit) => {
    expectProblem(await page(`?limit=${limit}`), 400, 'invalid_request', '/limit');
  },
);

test.each(['1', '100', '007'])('T2: limit=%s is a limit', async (limit) => {
  expect((await page(`?limit=${limit}`)).status).toBe(200);
});

test.each([
  'page=2',
  'offset=0',
  'Limit=1',
  'ownerId=someone',
  'total=1',
  'total=',
  'sort=title',
  'status[]=open',
])('T2: the query %s is refused by every list', async (query) => {
  const pointer = `/${query.split('=')[0]!}`;
  for (const list of ['tasks', 'aides', 'conversations', 'messages', 'signal-mappings', 'audit-log'])
    expectProblem(await client.get(`/v1/${list}?${query}`), 400, 'invalid_request', pointer);
});
