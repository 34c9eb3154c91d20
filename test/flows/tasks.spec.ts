import type { Task } from '../../src/tasks/task.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeTask, readPages } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const act = (id: string, action: string) => client.post<Task>(`/v1/tasks/${id}/${action}`);
const titles = async (query = '') =>
  (await readPages<Task>(client, `/v1/tasks${query}`)).flat().map(({ title }) => title);

/** As the database compares under the C locale. */
const byText = (a: string, b: string) => Number(a > b) - Number(a < b);

test('T1: a new task is open, of medium priority and without a due date', async () => {
  const { id, createdAt, ...task } = await makeTask(client, { title: 'Buy milk' });
  expect(id).toMatch(/-7/);
  expect(task).toEqual({
    title: 'Buy milk',
    description: null,
    completed: false,
    completedAt: null,
    priority: 'medium',
    dueDate: null,
    updatedAt: createdAt,
    version: 1,
  });
});

test.each([
  ['no title', { title: undefined }, '/title'],
  ['a blank title', { title: ' \u00a0\u3000' }, '/title'],
  ['a title of 256 characters', { title: 'x'.repeat(256) }, '/title'],
  ['a description of 2001 characters', { description: 'x'.repeat(2001) }, '/description'],
  ['priority urgent', { priority: 'urgent' }, '/priority'],
  ['priority null', { priority: null }, '/priority'],
  ['completed from the start', { completed: true }, '/completed'],
  ['an owner', { ownerId: 'someone' }, '/ownerId'],
])('T1: a task with %s is refused', async (_, fields, pointer) => {
  expectProblem(
    await client.post('/v1/tasks', { title: 'Buy milk', ...fields }),
    400,
    'invalid_request',
    pointer,
  );
});

test.each([
  ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
  ['2026-12-24T18:00:00.123456789+05:30', '2026-12-24T12:30:00.123Z'],
  ['2026-01-01T00:00:00+23:59', '2025-12-31T00:01:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.9999Z', '9999-12-31T23:59:59.999Z'],
])('T1: due date %s is %s', async (dueDate, utc) => {
  expect((await makeTask(client, { dueDate })).dueDate).toBe(utc);
  expect((await readPages<Task>(client, '/v1/tasks?sort=dueDate')).flat()[0]!.dueDate).toBe(utc);
});

test.each([
  '2026-12-24',
  '2026-12-24T18:00:00',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-12-24T25:00:00Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+10:00',
  '9999-12-31T23:59:59-10:00',
  '10000-01-01T00:00:00Z',
  'infinity',
  'now',
  1_700_000_000,
])('T1: due date %s is refused, as a filter as well', async (dueDate) => {
  expectProblem(await client.post('/v1/tasks', { title: 'x', dueDate }), 400, 'invalid_request', '/dueDate');
  const query = `/v1/tasks?dueBefore=${encodeURIComponent(dueDate)}`;
  expectProblem(await client.get(query), 400, 'invalid_request', '/dueBefore');
});

test.each([
  [`title = ''`, 'tasks_title_check'],
  [`description = repeat('x', 2001)`, 'tasks_description_check'],
  [`priority = 'urgent'`, 'tasks_priority_check'],
])('T1: the database refuses %s', async (assignment, constraint) => {
  const { id } = await makeTask(client);
  const update = sqlAsSuperuser(await workerDatabase(), `UPDATE app.tasks SET ${assignment} WHERE id = $1`, [
    id,
  ]);
  await expect(update).rejects.toMatchObject({ constraint });
});

test('T2: a patch changes what it names; null clears what may be null, and nothing else', async () => {
  const { id } = await makeTask(client, {
    description: 'Oat',
    dueDate: '2026-12-24T18:00:00Z',
    priority: 'high',
  });
  const path = `/v1/tasks/${id}`;
  const { body } = await client.patch(path, { description: null, dueDate: null });
  expect(body).toMatchObject({ description: null, dueDate: null, priority: 'high', version: 2 });
  expect((await client.patch(path, { priority: 'low' })).body).toMatchObject({ priority: 'low', version: 3 });
  const unchanged = await client.patch(path, {});
  expect(unchanged.body).toMatchObject({ version: 3 });
  expect(unchanged.headers.get('etag')).toBe('"3"');
  for (const field of ['title', 'priority'])
    expectProblem(await client.patch(path, { [field]: null }), 400, 'invalid_request', `/${field}`);
  for (const field of ['completed', 'completedAt', 'id', 'version', 'createdAt', 'ownerId'])
    expectProblem(await client.patch(path, { [field]: null }), 400, 'invalid_request', `/${field}`);
  expect((await client.get(path)).body).toMatchObject({ version: 3 });
});

test('T2: completing twice keeps the first time, reopening clears it, both once at the same time', async () => {
  const { id } = await makeTask(client);
  const first = (await act(id, 'complete')).body;
  expect(first).toMatchObject({ completed: true, version: 2 });
  expect((await act(id, 'complete')).body).toEqual(first);
  expect((await act(id, 'reopen')).body).toMatchObject({ completed: false, completedAt: null, version: 3 });
  const answers = await atOnce(10, () => act(id, 'complete'));
  expect(statuses(answers)).toEqual({ 200: 10 });
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers[0]!.body.version).toBe(4);
});

test('T2: a deleted task is gone', async () => {
  const { id } = await makeTask(client);
  expect(statuses(await atOnce(5, () => client.delete(`/v1/tasks/${id}`)))).toEqual({ 204: 1, 404: 4 });
  expectProblem(await client.patch(`/v1/tasks/${id}`, { title: 'x' }), 404, 'not_found');
  expectProblem(await act(id, 'complete'), 404, 'not_found');
});

test('T2: filters by status, priority and due date; bounds are not included', async () => {
  await makeTask(client, { title: 'undated', priority: 'low' });
  for (const day of ['01', '02', '03'])
    await makeTask(client, { title: day, dueDate: `2026-12-${day}T00:00:00Z` });
  const { data } = (await client.get<{ data: Task[] }>('/v1/tasks?priority=low')).body;
  await act(data[0]!.id, 'complete');
  expect(await titles('?status=completed')).toEqual(['undated']);
  expect(await titles('?status=open')).toEqual(['03', '02', '01']);
  expect(await titles('?status=all')).toHaveLength(4);
  expect(await titles('?priority=high')).toEqual([]);
  expect(await titles('?dueBefore=2026-12-02T00:00:00Z')).toEqual(['01']);
  expect(await titles('?dueAfter=2026-12-02T01:00:00%2B01:00')).toEqual(['03']);
  expect(await titles('?dueAfter=2026-12-01T00:00:00Z&dueBefore=2026-12-03T00:00:00Z')).toEqual(['02']);
  expectProblem(await client.get('/v1/tasks?status=done'), 400, 'invalid_request', '/status');
});

test('T2: every sort pages through ties and nulls without losing or repeating a task', async () => {
  const priorities = ['low', 'high', 'medium'];
  const tasks = await atOnce(21, (i) =>
    makeTask(client, {
      title: `${i}`,
      priority: priorities[i % 3],
      dueDate: i % 4 ? `2026-12-0${i % 4}T00:00:00Z` : null,
    }),
  );
  const rank = { high: 1, medium: 2, low: 3 };
  const orders: Record<string, (a: Task, b: Task) => number> = {
    createdAt: (a, b) => byText(b.createdAt + b.id, a.createdAt + a.id),
    dueDate: (a, b) => byText((a.dueDate ?? 'x') + a.id, (b.dueDate ?? 'x') + b.id),
    priority: (a, b) => rank[a.priority] - rank[b.priority] || byText(a.id, b.id),
  };
  for (const [sort, order] of Object.entries(orders)) {
    const expected = tasks.toSorted(order).map(({ title }) => title);
    for (const limit of [1, 4, 21, 100])
      expect(await titles(`?sort=${sort}&limit=${limit}`)).toEqual(expected);
  }
});
