import { request as httpRequest } from 'node:http';
import { ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { expectProblem } from '../support/expectations.js';
import { makeTask } from '../support/factories.js';

let app: Awaited<ReturnType<typeof startApp>>;
let client: ApiClient;
let owner: string;

beforeAll(async () => {
  app = await startApp();
  owner = newOwner('secret-owner');
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const TASKS = '/v1/tasks';
const post = (body: string, headers?: Record<string, string>) => client.post(TASKS, body, headers);

const sized = (bytes: number) => JSON.stringify({ title: 'x'.repeat(bytes - 12) });

const idOf = async (given: string, path = TASKS) =>
  (await client.get(path, { 'x-request-id': given })).headers.get('x-request-id');

test('O8: a problem has exactly the members of the contract and tells nothing of the request', async () => {
  const answer = await client.post(TASKS, { title: 'secret-title'.repeat(50), 'se/c~ret': 1 });
  const { requestId, ...problem } = answer.body;
  expect(requestId).toBe(answer.headers.get('x-request-id'));
  expect(problem).toEqual({
    type: 'urn:problem:invalid_request',
    title: 'The request is not valid',
    status: 400,
    detail: expect.any(String) as string,
    instance: `urn:request:${requestId as string}`,
    code: 'invalid_request',
    errors: expect.arrayContaining([
      { pointer: '/se~1c~0ret', code: 'unknown', detail: 'is not known here' },
      { pointer: '/title', code: 'text', detail: 'must be 1 to 255 characters, not all blank' },
    ]) as unknown,
  });
  expect(answer.text).not.toMatch(/secret-title|secret-owner|select|insert|\.ts|\.js|node_modules/i);
});

test('T1: of many errors 20 are told, in at most 16 kB', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`${'k'.repeat(60)}${i}`, i]));
  const answer = await client.post(TASKS, unknown);
  expectProblem(answer, 400, 'invalid_request');
  expect(answer.body.errors).toHaveLength(20);
  expect(answer.text.length).toBeLessThan(16_384);
});

test.each([
  ['no JSON', '{', 'invalid_json'],
  ['nothing', '', 'invalid_json'],
  ['two values', '{}{}', 'invalid_json'],
  ['a comment', '{/**/}', 'invalid_json'],
  ['NaN', '{"title":NaN}', 'invalid_json'],
  ['a byte order mark', '\uFEFF{"title":"x"}', 'invalid_json'],
  ['a list', '[]', 'invalid_request'],
  ['null', 'null', 'invalid_request'],
  ['a string', '"title"', 'invalid_request'],
  ['a number beyond all bounds', '{"title":1e400}', 'invalid_request'],
  ['NUL in a text', '{"title":"a\\u0000b"}', 'invalid_request'],
  ['half an emoji', '{"title":"\\ud83d"}', 'invalid_request'],
  ['half an emoji in a key', '{"\\ud83d":1}', 'invalid_request'],
  ['a key that reaches the prototype', '{"__proto__":{"title":"x"}}', 'invalid_request'],
  ['33 levels', `{"title":${'['.repeat(33)}${']'.repeat(33)}}`, 'invalid_request'],
  ['3 kB of lists', `{"title":${'['.repeat(1500)}${']'.repeat(1500)}}`, 'invalid_request'],
] as const)('T1: a body of %s is 400', async (_, body, code) => {
  expectProblem(await post(body), 400, code);
});

test('T1: bytes that are no UTF-8 are 400', async () => {
  const status = await new Promise((resolve, reject) => {
    const authorization = (client as unknown as { token: string }).token;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${authorization}` };
    const request = httpRequest(originOf(app) + TASKS, { method: 'POST', headers }, ({ statusCode }) =>
      resolve(statusCode),
    );
    request.on('error', reject).end(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
  });
  expect(status).toBe(400);
});

test.each([
  [{ 'content-type': 'text/plain' }],
  [{ 'content-type': 'application/xml' }],
  [{ 'content-type': 'application/x-www-form-urlencoded' }],
  [{ 'content-type': 'application/jsonp' }],
  [{ 'content-type': 'application/json; charset=latin1' }],
  [{ 'content-encoding': 'gzip' }],
  [{ 'content-encoding': 'br' }],
])('T1: a body with %j is 415', async (headers) => {
  expectProblem(await post('{"title":"x"}', headers), 415, 'unsupported_media_type');
});

test('T1: JSON in UTF-8 is taken under its names, merge patches too', async () => {
  for (const type of [
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json;charset="utf-8"',
  ])
    expect((await post('{"title":"x"}', { 'content-type': type })).status).toBe(201);
  const { id } = await makeTask(client);
  const headers = { 'content-type': 'application/merge-patch+json' };
  expect((await client.patch(`${TASKS}/${id}`, '{"title":"y"}', headers)).body).toMatchObject({ title: 'y' });
});

test('M1: bodies end at 256 kB, those with messages at 1 MB', async () => {
  expect(sized(100)).toHaveLength(100);
  expectProblem(await post(sized(256 * 1024)), 400, 'invalid_request', '/title');
  expectProblem(await post(sized(256 * 1024 + 1)), 413, 'too_large');
  const conversations = (bytes: number) => client.post('/v1/conversations', sized(bytes));
  expectProblem(await conversations(1024 * 1024), 400, 'invalid_request', '/title');
  expectProblem(await conversations(1024 * 1024 + 1), 413, 'too_large');
});

test('O3: without a token nothing else of a request is looked at: 401 before 400, 404, 413 and 415', async () => {
  const anyone = new ApiClient(originOf(app));
  const answers = [
    await anyone.post(TASKS, '{'),
    await anyone.post(TASKS, 'x'.repeat(300_000)),
    await anyone.post(TASKS, 'x', { 'content-type': 'text/plain' }),
    await anyone.get('/v1/nothing'),
    await anyone.get(`${TASKS}?limit=0&cursor=x`),
  ];
  for (const answer of answers) {
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  }
});

test.each(['x', '0199A5C0-7C1E-7000-8000-3F6F7A1B2C3D', '0199a5c07c1e700080003f6f7a1b2c3d', '1', '%00', "'"])(
  'O8: the id %s is 400',
  async (id) => {
    expectProblem(await client.get(`${TASKS}/${id}`), 400, 'invalid_request');
  },
);

test('T1: an unknown field is refused even where every object inherits its name', async () => {
  for (const field of ['toString', 'valueOf', 'hasOwnProperty'])
    expectProblem(
      await client.post(TASKS, { title: 'Buy milk', [field]: 1 }),
      400,
      'invalid_request',
      `/${field}`,
    );
});

test('O8: an unknown path is 404 and a malformed one 400, as problems that are not stored', async () => {
  for (const [path, status, code] of [
    ['/v1/nothing', 404, 'not_found'],
    ['/v1/tasks/%zz', 400, 'invalid_request'],
    [`/v1/tasks/${'x'.repeat(300)}`, 400, 'invalid_request'],
  ] as const) {
    const answer = await client.get(path);
    expectProblem(answer, status, code);
    expect(answer.text).not.toMatch(/nothing|zz|xxx/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-request-id')).toBe(answer.body.requestId);
  }
});

test('L1: X-Request-Id is taken where it is acceptable, otherwise made, and on every answer', async () => {
  for (const given of ['abcd1234', 'A.b_c-d.1', 'x'.repeat(64)]) {
    expect(await idOf(given)).toBe(given);
    expect(await idOf(given, '/v1/nothing')).toBe(given);
    expect(await idOf(given, '/v1/tasks/%zz')).toBe(given);
  }
  for (const given of ['short', 'x'.repeat(65), 'has space', 'semi;colon1', 'ümlaut-ü'])
    expect(await idOf(given)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
});

test('O8: answers to owners are never stored by caches', async () => {
  for (const path of [TASKS, '/v1/me', '/v1/nothing'])
    expect((await client.get(path)).headers.get('cache-control')).toBe('no-store');
});
