import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { runAs } from '../../src/auth/owner-context.js';
import type { OwnerId } from '../../src/auth/owner-id.js';
import { type ToolContext, type ToolDefinition, ToolError } from '../../src/chat/tools/tool.js';
import { Tools } from '../../src/chat/tools/tools.service.js';
import type { Task } from '../../src/tasks/task.entity.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import type { Field } from '../support/body-fields.js';
import { type TestDatabase, workerDatabase } from '../support/database.js';
import { makeAide, makeConversation, makeMessage, makeTask } from '../support/factories.js';
import { NEVER, wrongFor } from '../support/hostile-values.js';
import { rowsOf } from '../support/rows.js';
import { inputOf } from '../support/tool-schemas.js';

let app: NestFastifyApplication;
let database: TestDatabase;
let owner: OwnerId;
let client: ApiClient;
let definitions: readonly ToolDefinition[];

beforeAll(async () => {
  app = await startApp();
  database = await workerDatabase();
  ({ definitions } = app.get(Tools));
});
beforeEach(async () => {
  owner = newOwner() as OwnerId;
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const call = <Result>(name: string, input: unknown, context: Partial<ToolContext> = {}) =>
  runAs(owner, 'test', () => app.get(Tools).call({ owner, ...context }, name, input)) as Promise<Result>;

/** What a call is refused with; anything but a ToolError fails the test. */
async function refusal(name: string, input: unknown, context?: Partial<ToolContext>): Promise<string> {
  const outcome = await call(name, input, context).catch((error: unknown) => error);
  expect([name, outcome]).toEqual([name, expect.any(ToolError)]);
  return (outcome as ToolError).message;
}

const tasksOf = async () => (await client.get<{ data: Task[] }>('/v1/tasks')).body.data;

test('H5: the tools are these, each described, deletion alone destructive', () => {
  expect(definitions.map(({ name }) => name)).toEqual([
    'add_task',
    'list_tasks',
    'update_task',
    'complete_task',
    'delete_task',
    'search_messages',
    'get_aide_state',
    'apply_aide_events',
  ]);
  expect(definitions.filter(({ destructive }) => destructive).map(({ name }) => name)).toEqual([
    'delete_task',
  ]);
  for (const { description, inputSchema } of definitions) {
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(JSON.stringify(inputSchema)).not.toMatch(/\$ref|nullable|"example"/);
  }
});

describe('H5: tasks', () => {
  test('are added, listed, changed, completed and deleted, as REST sees them', async () => {
    const added = await call<Task>('add_task', { title: 'Buy milk', dueDate: '2026-12-24T19:00:00+01:00' });
    expect(await tasksOf()).toEqual([added]);
    expect(added).toMatchObject({
      title: 'Buy milk',
      priority: 'medium',
      dueDate: '2026-12-24T18:00:00.000Z',
    });
    const changed = await call<Task>('update_task', { id: added.id, priority: 'high', dueDate: null });
    expect(changed).toMatchObject({ id: added.id, title: 'Buy milk', priority: 'high', dueDate: null });
    expect(await call('list_tasks', { status: 'open', priority: 'high' })).toEqual({
      tasks: [changed],
      more: false,
    });
    expect(await call('complete_task', { id: added.id })).toMatchObject({ completed: true });
    expect(await call('list_tasks', { status: 'open' })).toEqual({ tasks: [], more: false });
    expect(await call('delete_task', { id: added.id })).toEqual({ id: added.id, deleted: true });
    expect(await tasksOf()).toEqual([]);
  });

  test('a list is bounded, and says that there is more', async () => {
    for (let i = 0; i < 12; i++) await makeTask(client, { description: '😀'.repeat(2000) });
    const bySize = await call<{ tasks: Task[]; more: boolean }>('list_tasks', {});
    expect(bySize).toEqual({ tasks: (await tasksOf()).slice(0, bySize.tasks.length), more: true });
    expect(JSON.stringify(bySize).length).toBeLessThan(64 * 1024);
    expect(bySize.tasks.length).toBeGreaterThan(3);
    const byLimit = await call('list_tasks', { limit: 2 });
    expect(byLimit).toEqual({ tasks: (await tasksOf()).slice(0, 2), more: true });
  });
});

describe('H5: search_messages', () => {
  interface Found {
    messages: { id: string; conversationId: string; role: string; excerpt: string }[];
  }

  test('finds living messages of living conversations, the newest first, whatever the case', async () => {
    const [lisbon, other] = [await makeConversation(client), await makeConversation(client)];
    const first = await makeMessage(client, lisbon, {
      content: `${'x'.repeat(500)} LISBON 100% ${'y'.repeat(500)}`,
    });
    const second = await makeMessage(client, other, { content: 'Lisbon?' });
    await makeMessage(client, other, { content: 'Porto' });
    const deleted = await makeMessage(client, other, { content: 'Lisbon!' });
    expect((await client.delete(`/v1/messages/${deleted.id}`)).status).toBe(204);
    const { messages } = await call<Found>('search_messages', { query: 'lisbon' });
    expect(messages.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(messages[0]).toEqual({
      id: second.id,
      conversationId: other.id,
      role: 'user',
      createdAt: second.createdAt,
      excerpt: 'Lisbon?',
    });
    expect(messages[1]!.excerpt).toHaveLength(300);
    expect(messages[1]!.excerpt).toContain('LISBON 100%');
    expect((await client.delete(`/v1/conversations/${other.id}`)).status).toBe(204);
    const left = await call<Found>('search_messages', { query: 'lisbon' });
    expect(left.messages.map(({ id }) => id)).toEqual([first.id]);
  });

  test('takes the text as it is, and answers at most 20', async () => {
    const conversation = await makeConversation(client);
    const messages = Array.from({ length: 25 }, (_, i) => ({ role: 'user', content: `a_b ${i}` }));
    await client.post(`/v1/conversations/${conversation.id}/messages/batch`, { messages });
    expect((await call<Found>('search_messages', { query: 'a_b', limit: 20 })).messages).toHaveLength(20);
    for (const query of ['a%b', 'axb', String.raw`a\_b`, "'"])
      expect(await call('search_messages', { query })).toEqual({ messages: [] });
  });
});

describe('H5: the state of an aide', () => {
  const patch = (expectedVersion: number, aideId?: string) => ({
    type: 'tone-changed',
    operations: [{ op: 'add', path: '/tone', value: 'formal' }],
    expectedVersion,
    ...(aideId && { aideId }),
  });

  test('is read and changed by an event of the assistant, at the version that it has', async () => {
    const { id } = await makeAide(client, { state: { tone: 'friendly', list: [{ a: 1 }] } });
    expect(await call('get_aide_state', { aideId: id })).toEqual({
      aideId: id,
      version: 1,
      state: { tone: 'friendly', list: [{ a: 1 }] },
    });
    expect(await call('get_aide_state', { aideId: id, path: '/list/0/a' })).toMatchObject({ state: 1 });
    expect(await call('apply_aide_events', patch(1, id))).toEqual({ aideId: id, version: 2 });
    expect(await refusal('apply_aide_events', patch(1, id))).toBe('The version is not the current one.');
    expect((await client.get(`/v1/aides/${id}/events/2`)).body).toMatchObject({
      actor: 'assistant',
      channel: 'web',
    });
    const failing = { ...patch(2, id), operations: [{ op: 'remove', path: '/none' }] };
    expect(await refusal('apply_aide_events', failing)).toBe(
      'The patch does not apply to the state: /operations/0 the location does not exist.',
    );
  });

  test('is that of the conversation where none is named', async () => {
    const aide = await makeAide(client, { state: { mine: true } });
    const other = await makeAide(client);
    const { id: conversationId } = await makeConversation(client, { aideId: aide.id });
    const here = { aideId: aide.id, version: 1, state: { mine: true } };
    expect(await call('get_aide_state', {}, { conversationId })).toEqual(here);
    expect(await call('get_aide_state', { aideId: null }, { aideId: aide.id })).toEqual(here);
    expect(await call('get_aide_state', { aideId: other.id }, { conversationId })).toMatchObject({
      version: 0,
    });
    expect(await call('apply_aide_events', patch(1), { conversationId })).toEqual({
      aideId: aide.id,
      version: 2,
    });
    const without = { conversationId: (await makeConversation(client)).id };
    for (const context of [{}, { aideId: null, conversationId }, without])
      expect(await refusal('get_aide_state', {}, context)).toBe('There is no aide here: name one by aideId.');
  });

  test('is read in parts where it is large, by paths to its own members alone', async () => {
    const { id: aideId } = await makeAide(client, { state: { big: 'x'.repeat(65_536), small: [1] } });
    expect(await refusal('get_aide_state', { aideId })).toContain('Its keys: big, small');
    expect(await refusal('get_aide_state', { aideId, path: '/big' })).toMatch(/^This is too much/);
    expect(await call('get_aide_state', { aideId, path: '/small' })).toMatchObject({ state: [1] });
    for (const path of ['/none', '/toString', '/small/length', '/small/1', '/small/-'])
      expect(await refusal('get_aide_state', { aideId, path })).toBe('The state has nothing at this path.');
  });
});

describe('H5: bad input is a tool error', () => {
  let ids: Record<string, string>;
  const idOf = (field: string) => ids[field]!;

  beforeEach(async () => {
    ids = { id: (await makeTask(client)).id, aideId: (await makeAide(client, { state: { tone: 1 } })).id };
  });

  test('whatever is wrong with a field; nothing is stored', async () => {
    const before = await rowsOf(database, owner);
    let tried = 0;
    for (const definition of definitions) {
      const input = inputOf(definition, idOf);
      const missing = ({ required }: Field) => (required ? [undefined] : []);
      for (const field of input.fields())
        for (const json of [...NEVER, ...wrongFor(field.schema), ...missing(field)]) {
          const what = [definition.name, field.path.join('/'), json?.slice(0, 40)];
          const message = await refusal(definition.name, JSON.parse(input.with(field, json)));
          expect([what, message]).toEqual([
            what,
            expect.stringMatching(/^(The request is not valid|JSON may)/),
          ]);
          expect(message.length).toBeLessThan(4096);
          tried += 1;
        }
    }
    expect(tried).toBeGreaterThan(500);
    expect(await rowsOf(database, owner)).toEqual(before);
  }, 60_000);

  test('the same input without what is wrong is taken, so that the test above can fail', async () => {
    for (const definition of definitions) await call(definition.name, inputOf(definition, idOf).whole());
  });

  test.each([[null], [undefined], [[]], ['x'], [1], [true], [() => 1]])('no object: %p', async (input) => {
    for (const { name } of definitions)
      expect(await refusal(name, input)).toBe('The input must be a JSON object.');
  });

  test.each([['surprise'], ['toString'], ['__proto__'], ['ownerId'], ['cursor'], ['version']])(
    'an unknown field: %s',
    async (name) => {
      for (const definition of definitions) {
        const whole = JSON.stringify(inputOf(definition, idOf).whole());
        const input: unknown = JSON.parse(whole.replace('{', `{"${name}":1,`));
        expect(await refusal(definition.name, input)).toContain(`/${name} `);
      }
    },
  );

  test('an unknown tool', async () => {
    for (const name of ['', 'drop_table', 'toString', '__proto__', 'add_task ', 'Add_Task'])
      expect(await refusal(name, {})).toBe('There is no tool of this name.');
  });

  test('every number, text and list at once', async () => {
    const message = await refusal('add_task', {
      title: '',
      description: 1,
      priority: 'urgent',
      dueDate: 'soon',
    });
    for (const field of ['/title', '/description', '/priority', '/dueDate']) expect(message).toContain(field);
    expect(message).not.toContain('urgent');
  });
});

test('O8: what names something of another owner is refused as what names nothing, and nothing changes', async () => {
  const alice = owner;
  const task = await makeTask(client);
  const aide = await makeAide(client, { state: { secret: 1 } });
  const conversation = await makeConversation(client, { aideId: aide.id });
  await makeMessage(client, conversation, { content: 'secret' });
  const before = await rowsOf(database, alice);
  owner = newOwner('bob') as OwnerId;
  client = await clientOf(app, owner);
  await client.get('/v1/me');
  const none = '0199a5c0-0000-7000-8000-000000000000';
  for (const definition of definitions) {
    const withIds = (id: string) => inputOf(definition, () => id).whole() as object;
    const theirs = withIds(definition.name.endsWith('task') ? task.id : aide.id);
    if (JSON.stringify(theirs) === JSON.stringify(withIds(none))) continue;
    expect([definition.name, await refusal(definition.name, theirs)]).toEqual([
      definition.name,
      await refusal(definition.name, withIds(none)),
    ]);
  }
  const context = { conversationId: conversation.id };
  expect(await refusal('get_aide_state', {}, context)).toBe('There is no such thing.');
  expect(await call('list_tasks', {})).toEqual({ tasks: [], more: false });
  expect(await call('search_messages', { query: 'secret' })).toEqual({ messages: [] });
  expect(await rowsOf(database, alice)).toEqual(before);
});
