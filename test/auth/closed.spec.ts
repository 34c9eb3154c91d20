import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PublicAidesController } from '../../src/aides/public-aides.controller.js';
import { PUBLIC } from '../../src/auth/public.decorator.js';
import { type ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { rawHead, sendRaw } from '../support/raw-http.js';
import { forge } from '../support/tokens.js';

let app: NestFastifyApplication;
let client: ApiClient;
let slug: string;

beforeAll(async () => {
  app = await startApp();
  client = await clientOf(app, newOwner());
  slug = newOwner('slug').toLowerCase();
  const { body } = await client.post('/v1/aides', { title: 'Published' });
  expect((await client.post(`/v1/aides/${String(body.id)}/publish`, { slug })).status).toBe(200);
});
afterAll(() => app.close());

const PATHS = [
  '//',
  '/v1',
  '/v1/',
  '/v1/nothing',
  '/v1/aides',
  '/v1/aides/',
  '/v1//aides',
  '//v1/aides',
  '/V1/aides',
  '/v1/AIDES',
  '/v1/%61ides',
  '/v1/aides%2f',
  '/v1/aides;a=b',
  '/v1/aides?',
  '/v1/aides/%00',
  '/v1/%',
  '/v1/aides/%zz',
  '/v1/public',
  '/v1/public/aides',
  '/v1/public/../aides',
  '/v1/public/aides/../../aides',
  '/v1/public/aides/%2e%2e/%2e%2e/aides',
  '/livez/../v1/aides',
  '/Livez',
  '/metrics',
  '/v1/aides/%c3%28',
  `/v1/aides/${'x'.repeat(8000)}`,
];

test.each(PATHS)('O3: %.40s is closed without a token, whatever the method', async (path) => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
    const { status, head } = await sendRaw(originOf(app), rawHead(`${method} ${path}`));
    expect({ method, status, head }).toMatchObject({
      status: 401,
      head: expect.stringMatching(/^www-auth/im),
    });
  }
});

test('O3: public files lead nowhere else', async () => {
  for (const path of ['/docs/../v1/aides', '/docs/../../package.json', '/docs/%2e%2e/%2e%2e/package.json']) {
    const { status, body } = await sendRaw(originOf(app), rawHead(`GET ${path}`));
    expect({ status, body }).toEqual({ status: 400, body: expect.stringContaining('invalid_request') });
  }
});

test('O3: with a token, paths that name nothing are not found, malformed ones and ids that are none are invalid', async () => {
  expect((await client.get('/v1/nothing')).body).toMatchObject({ status: 404, code: 'not_found' });
  for (const path of ['/v1/%', '/v1/aides/%zz', '/v1/aides/%c3%28'])
    expect((await client.get(path)).body).toMatchObject({ status: 400, code: 'invalid_request' });
  for (const id of ['x'.repeat(8000), '%00', '%20'])
    expect((await client.get(`/v1/aides/${id}`)).body).toMatchObject({
      status: 400,
      code: 'invalid_request',
    });
  expect((await client.get(`/v1/public/aides/${'x'.repeat(8000)}`)).status).toBe(404);
});

test('O3: where authentication lets a request pass, the guard still asks that the handler is marked', async () => {
  // oxlint-disable-next-line typescript/unbound-method -- not called
  const handler = PublicAidesController.prototype.get;
  const url = (one: NestFastifyApplication) => `${originOf(one)}/v1/public/aides/${slug}`;
  expect((await fetch(url(app))).status).toBe(200);
  Reflect.deleteMetadata(PUBLIC, handler);
  const unmarked = await startApp();
  try {
    for (let time = 0; time < 2; time++) expect((await fetch(url(unmarked))).status).toBe(401);
  } finally {
    Reflect.defineMetadata(PUBLIC, true, handler);
    await unmarked.close();
  }
});

test('O3: an address in absolute form is closed too', async () => {
  const { status } = await sendRaw(originOf(app), rawHead('GET http://localhost/v1/aides'));
  expect(status).toBe(401);
});

test('O3: HEAD is refused without a body', async () => {
  const answer = await sendRaw(originOf(app), rawHead('HEAD /v1/aides'));
  expect(answer).toMatchObject({ status: 401, body: '' });
});

test.each([
  [
    'is announced as huge and never comes',
    ['Content-Type: application/json', 'Content-Length: 100000000000'],
    '',
  ],
  ['never ends', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], '5\r\n{"a":\r\n'],
  ['is malformed', ['Content-Type: application/json', 'Content-Length: 1'], '{'],
  ['is of another type', ['Content-Type: text/plain', 'Content-Length: 1'], 'x'],
  ['is of no type', ['Content-Length: 1'], 'x'],
  ['is compressed', ['Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 1'], 'x'],
])('O3: a bad token is answered 401 before a body that %s is looked at', async (_, headers, body) => {
  const authorization = `Authorization: Bearer ${forge({ secret: 'another' })}`;
  const head = rawHead('POST /v1/aides', authorization, ...headers);
  const answer = await sendRaw(originOf(app), head + body);
  expect(answer.status).toBe(401);
});

describe('O3, A5: public without a token, and whatever the Authorization says:', () => {
  const authorizations = ['Bearer', 'Bearer x', `Bearer ${forge({ secret: 'another' })}`, 'Basic Og==', '\t'];

  test.each([
    '/',
    '/livez',
    '/readyz',
    '/docs',
    '/openapi.json',
    '/v1/public/aides/:slug',
    '/a/:slug',
    '/.well-known/oauth-protected-resource/mcp',
  ])('%s', async (path) => {
    const url = originOf(app) + path.replace(':slug', slug);
    expect((await fetch(url)).status).toBe(200);
    for (const authorization of authorizations)
      expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
  });

  test('and no other route of the document', async () => {
    const { paths } = (await (await fetch(`${originOf(app)}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const open: string[] = [];
    for (const [path, operations] of Object.entries(paths))
      for (const method of Object.keys(operations)) {
        const { status } = await fetch(originOf(app) + path, { method: method.toUpperCase() });
        if (status !== 401) open.push(`${method} ${path}`);
      }
    expect(open.toSorted()).toEqual([
      'get /',
      'get /.well-known/oauth-protected-resource/mcp',
      'get /a/{slug}',
      'get /livez',
      'get /readyz',
      'get /v1/public/aides/{slug}',
    ]);
  });
});
