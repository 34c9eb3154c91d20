import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { expectProblem, statuses } from '../support/expectations.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeMessage,
  makeTask,
  makeToolCall,
} from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
});
beforeEach(async () => {
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const etagOf = async (path: string) => (await client.get(path)).headers.get('etag');

test('T1: creating answers Location and ETag, and a GET there is the same resource', async () => {
  const answer = await client.post('/v1/tasks', { title: 'Buy milk' });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('etag')).toBe('"1"');
  const read = await client.get(answer.headers.get('location')!);
  expect(read.body).toEqual(answer.body);
  expect(read.headers.get('etag')).toBe('"1"');
});

test('M1, K1: Location of what is made within something leads to its own address', async () => {
  const conversation = await makeConversation(client);
  const message = await makeMessage(client, conversation);
  const made = [
    await client.post(`/v1/conversations/${conversation.id}/messages`, { role: 'user', content: 'Hello' }),
    await client.post(`/v1/messages/${message.id}/tool-calls`, { toolName: 'add_task' }),
  ];
  for (const { headers, body } of made)
    expect((await client.get(headers.get('location')!)).body).toEqual(body);
});

test('A1, C1, M1, T1, K1: every single resource has an ETag, and it changes with the resource', async () => {
  const [aide, conversation, task] = [
    await makeAide(client),
    await makeConversation(client),
    await makeTask(client),
  ];
  const message = await makeMessage(client, conversation);
  const call = await makeToolCall(client, message);
  expect(await etagOf(`/v1/aides/${aide.id}`)).toBe('"1"');
  expect(await etagOf(`/v1/conversations/${conversation.id}`)).toBe('"2"');
  expect(await etagOf(`/v1/messages/${message.id}`)).toBe('"1"');
  expect(await etagOf(`/v1/tasks/${task.id}`)).toBe('"1"');
  expect(await etagOf(`/v1/tool-calls/${call.id}`)).toBe('"1"');
  await client.post(`/v1/tool-calls/${call.id}/finish`, { status: 'success' });
  expect(await etagOf(`/v1/tool-calls/${call.id}`)).toBe('"2"');
});

test('A2: what embeds others has no ETag of its own', async () => {
  const { id } = await makeAide(client);
  expect(await etagOf(`/v1/aides/${id}?include=state`)).toBeNull();
});

test('C2: the ETag of `latest` is of the content: another conversation may come to be the latest', async () => {
  const { id: aideId } = await makeAide(client);
  await makeConversation(client, { aideId });
  const path = `/v1/conversations/latest?aideId=${aideId}`;
  const known = { 'if-none-match': (await etagOf(path))! };
  expect((await client.get(path, known)).status).toBe(304);
  const newer = await makeConversation(client, { aideId });
  const answer = await client.get(path, known);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ id: newer.id, version: 1 });
});

test('T2: If-None-Match of the current ETag is 304 without a body, of any other 200', async () => {
  const path = `/v1/tasks/${(await makeTask(client)).id}`;
  for (const header of ['"1"', 'W/"1"', '*', '"7", "1"', '"7" ,W/"1"']) {
    for (const method of ['GET', 'HEAD']) {
      const { status, text, headers } = await client.send(method, path, undefined, {
        'if-none-match': header,
      });
      expect({ header, method, status, text }).toEqual({ header, method, status: 304, text: '' });
      expect(headers.get('etag')).toBe('"1"');
    }
  }
  for (const header of ['"2"', '1', '""', 'W/"2", "3"'])
    expect((await client.get(path, { 'if-none-match': header })).status).toBe(200);
  await client.patch(path, { title: 'Changed' });
  expect((await client.get(path, { 'if-none-match': '"1"' })).status).toBe(200);
});

test('T2: a stale If-Match is 412 for every change, and nothing changes', async () => {
  const path = `/v1/tasks/${(await makeTask(client)).id}`;
  const before = (await client.get(path)).text;
  for (const header of ['"2"', 'W/"1"', '1', '"1 "', '"01"', '""', 'x', '"99999999999"', '"2", W/"1"']) {
    for (const [method, suffix, body] of [
      ['PATCH', '', { title: 'Changed' }],
      ['PATCH', '', {}],
      ['POST', '/complete'],
      ['DELETE', ''],
    ] as const)
      expectProblem(
        await client.send(method, path + suffix, body, { 'if-match': header }),
        412,
        'version_mismatch',
      );
  }
  expect((await client.get(path)).text).toBe(before);
});

test('T2: a current If-Match, also among others, and `*` let a change through; what is gone is 404', async () => {
  const path = `/v1/tasks/${(await makeTask(client)).id}`;
  for (const header of ['"1"', '"9", "2"', '*'])
    expect((await client.patch(path, { title: header }, { 'if-match': header })).status).toBe(200);
  expect((await client.delete(path, { 'if-match': '"4"' })).status).toBe(204);
  expectProblem(await client.delete(path, { 'if-match': '"4"' }), 404, 'not_found');
  expectProblem(await client.patch(path, { title: 'x' }, { 'if-match': '*' }), 404, 'not_found');
});

test('A2, C3: state changes of aides and conversations heed If-Match as well', async () => {
  const [aide, conversation] = [await makeAide(client), await makeConversation(client)];
  const stale = { 'if-match': '"9"' };
  for (const action of ['publish', 'unpublish', 'archive', 'unarchive']) {
    const body = action === 'publish' ? { slug: 'never-published' } : undefined;
    expectProblem(await client.post(`/v1/aides/${aide.id}/${action}`, body, stale), 412, 'version_mismatch');
  }
  const path = `/v1/conversations/${conversation.id}`;
  for (const [method, suffix] of [
    ['POST', '/touch'],
    ['POST', '/restore'],
    ['DELETE', '/messages'],
    ['DELETE', ''],
    ['DELETE', '?permanent=true&confirm=erase'],
  ] as const)
    expectProblem(await client.send(method, path + suffix, undefined, stale), 412, 'version_mismatch');
  expect((await client.get(path)).body).toEqual(conversation);
});

test('T2: of 10 patches that expect the same version one is written', async () => {
  const path = `/v1/tasks/${(await makeTask(client)).id}`;
  const answers = await atOnce(10, (i) => client.patch(path, { title: `${i}` }, { 'if-match': '"1"' }));
  expect(statuses(answers)).toEqual({ 200: 1, 412: 9 });
  const winner = answers.find(({ status }) => status === 200)!;
  expect((await client.get(path)).body).toEqual(winner.body);
});
