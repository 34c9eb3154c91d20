import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '../../src/config/config.js';
import { ApiClient, originOf, startApp, testConfig } from '../support/app.js';
import { startDemo } from '../support/demo.js';
import { statuses } from '../support/expectations.js';
import { atOnce } from '../support/factories.js';
import { sendRaw } from '../support/raw-http.js';
import { readStrictly } from '../support/strict-html.js';

/** The page as it is served, and its sources; without a browser. */

const FOLDER = resolve(import.meta.dirname, '../../public');
const files = globSync('**/*.{js,css,svg}', { cwd: FOLDER });
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
const scripts = files.filter((file) => file.endsWith('.js'));
const html = read('index.html');

let app: NestFastifyApplication;
let demo: Awaited<ReturnType<typeof startDemo>>;
let anyone: ApiClient;

beforeAll(async () => {
  [app, demo] = await Promise.all([startApp(), startDemo()]);
  anyone = new ApiClient(originOf(app));
});
afterAll(() => Promise.all([app.close(), demo.stop()]));

const POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'",
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
].join('; ');
const TYPES: Record<string, RegExp> = {
  '/': /^text\/html; charset=utf-8$/,
  js: /^(application|text)\/javascript; charset=utf-8$/,
  css: /^text\/css; charset=utf-8$/,
  svg: /^image\/svg\+xml$/,
};

test.each(['/', ...files.map((file) => `/page/${file}`)])(
  'U1, O3: %s is public, runs nothing but its own, and is asked for again by its ETag',
  async (path) => {
    const first = await anyone.get(path);
    const etag = first.headers.get('etag')!;
    expect(first.status).toBe(200);
    expect(first.text).toBe(read(path === '/' ? 'index.html' : path.replace('/page/', '')));
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'content-type': expect.stringMatching(TYPES[path.split('.')[1] ?? '/']!),
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    const reload = { 'cache-control': 'max-age=0' }; // as a browser does; without it fetch says no-cache
    const same = await anyone.get(path, { ...reload, 'if-none-match': etag });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await anyone.get(path, { ...reload, 'if-none-match': '"another"' })).status).toBe(200);
    const head = await anyone.send('HEAD', path);
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', etag]);
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(first.text)));
  },
);

test.each([
  '/page/',
  '/page/index.html',
  '/page/tsconfig.json',
  '/page/../package.json',
  '/page/%2e%2e%2fpackage.json',
  '/index.html',
  '/favicon.ico',
])('O3: %s is as closed as any unknown path', async (path) => {
  const { status, head } = await sendRaw(
    originOf(app),
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  expect([status, /www-authenticate: Bearer/i.test(head)]).toEqual([401, true]);
});

test('the page loads files that are there, each of them, and nothing from elsewhere', () => {
  const found = new Set(
    [...html.matchAll(/(?:src|href)="(\/page\/[^"]*)"/g)].map(([, path]) => path!.slice('/page/'.length)),
  );
  for (const file of found)
    for (const [, path] of file.endsWith('.js') ? read(file).matchAll(/^import [^;]*from '([^']+)';$/gm) : [])
      found.add(posix.join(dirname(file), path!));
  expect([...found].toSorted()).toEqual(files.toSorted());
  const links = [...html.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, link]) => link!);
  expect(links.filter((link) => !/^(\/(page\/|docs$)|#$)/.test(link))).toEqual([]);
  const elsewhere = (file: string) =>
    read(file)
      .replace('http://www.w3.org/2000/svg', '')
      .match(file.endsWith('.css') ? /https?:|url\(|@import/ : /https?:|import\(|['"]\/\//);
  expect(files.filter(elsewhere)).toEqual([]);
});

test('nothing on the page reads HTML, or makes code of text', () => {
  expect(html).not.toMatch(/<script>|<style|\son\w+=|\sstyle=/);
  const sinks =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML|eval\(|Function\(|srcdoc/;
  expect(scripts.filter((file) => sinks.test(read(file)))).toEqual([]);
});

test('what the scripts look for is on the page, and what one fills in there has a label', () => {
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!));
  const wanted = scripts.flatMap((file) =>
    [...read(file).matchAll(/byId\('([^']+)'\)/g)].map(([, id]) => id!),
  );
  expect(wanted.filter((id) => !ids.has(id))).toEqual([]);
  const fields = [...html.matchAll(/<(?:input|textarea)[^>]* id="([^"]+)"/g)].map(([, id]) => id!);
  expect(fields.length).toBe(html.split(/<input|<textarea/).length - 1);
  const labelled = (id: string) =>
    html.includes(`for="${id}"`) || new RegExp(`<label[^>]*><input id="${id}"`).test(html);
  expect(fields.filter((id) => !labelled(id))).toEqual([]);
});

test('R1: the page counts against the limit of the address, its files do not, and the refusal is a page', async () => {
  const limited = await startApp(testConfig({ RATE_LIMIT_ANONYMOUS: '5', TRUST_PROXY: '127.0.0.0/8' }));
  const visitor = new ApiClient(originOf(limited));
  const from = { 'x-forwarded-for': '198.51.100.9' };
  await atOnce(20, () => visitor.get('/page/main.js', from));
  const answers = await atOnce(10, () => visitor.get('/', from));
  await limited.close();
  expect(statuses(answers)).toEqual({ 200: 5, 429: 5 });
  const { text, headers } = answers.find(({ status }) => status === 429)!;
  expect(readStrictly(text).texts).toContain('Too many requests');
  expect(headers.get('content-security-policy')).toMatch(/style-src 'sha256-/);
});

test.each([
  ['POST', '/', 405, 'method_not_allowed'],
  ['GET', '/?x=1', 400, 'invalid_request'],
])('%s %s is refused by a page', async (method, path, status, code) => {
  const answer = await anyone.send(method, path);
  expect(answer.status).toBe(status);
  expect(readStrictly(answer.text).texts).toContain(`${status} ${code}`);
});

describe('O3: tokens of the demo owners', () => {
  const ask = (origin: string, headers: string[], owner = 'alice', method = 'POST') =>
    sendRaw(
      origin,
      [
        `${method} /demo/tokens/${owner} HTTP/1.1`,
        'Connection: close',
        'X-Request-Id: the-same-one',
        ...headers,
        '',
        '',
      ].join('\r\n'),
    );
  const closed = (body: string) => JSON.parse(body) as object;

  test('are for the page on a development machine', async () => {
    const origin = originOf(demo.app);
    expect((await new ApiClient(origin).get('/')).text).toContain('data-demo="alice bob"');
    for (const owner of ['alice', 'bob']) {
      const { status, head, body } = await ask(
        origin,
        [`Host: ${new URL(origin).host}`, `Origin: ${origin}`],
        owner,
      );
      expect([
        status,
        /cache-control: no-store/i.test(head),
        /ratelimit-policy: "anonymous"/i.test(head),
      ]).toEqual([200, true, true]);
      const { token } = JSON.parse(body) as { token: string };
      expect(JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())).toMatchObject({
        sub: owner,
      });
      expect((await new ApiClient(origin, token).get('/v1/me')).status).toBe(200);
    }
  });

  test.each([
    ['no page', (host: string) => [`Host: ${host}`]],
    ['a page of another origin', (host: string) => [`Host: ${host}`, 'Origin: http://localhost:3000']],
    ['a page that may not say where it is from', (host: string) => [`Host: ${host}`, 'Origin: null']],
    ['another scheme', (host: string) => [`Host: ${host}`, `Origin: https://${host}`]],
    [
      'a name of elsewhere that leads here',
      () => ['Host: evil.example:3000', 'Origin: http://evil.example:3000'],
    ],
    [
      'a name that begins like this machine',
      () => ['Host: 127.0.0.1.evil.example', 'Origin: http://127.0.0.1.evil.example'],
    ],
    ['a host that is none', () => ['Host: a b', 'Origin: http://a b']],
  ])('are not for %s: the answer is that of a path that does not exist', async (_, headersFor) => {
    const origin = originOf(demo.app);
    const headers = headersFor(new URL(origin).host);
    const answer = await ask(origin, headers);
    const unknown = await ask(origin, headers, 'carol');
    expect([answer.status, unknown.status]).toEqual([401, 401]);
    expect(closed(answer.body)).toEqual(closed(unknown.body));
  });

  test('do not exist with a key of your own, in production, or where others reach the service', async () => {
    const origin = originOf(app);
    const { status } = await ask(origin, [`Host: ${new URL(origin).host}`, `Origin: ${origin}`]);
    expect(status).toBe(401);
    expect((await anyone.get('/')).text).toContain('data-demo=""');
    for (const settings of [
      { NODE_ENV: 'production', DATABASE_URL: 'postgres://a@localhost/a' },
      { HOST: '0.0.0.0' },
    ]) {
      expect(() => loadConfig(settings)).toThrow('JWT_SECRET');
      expect(loadConfig({ ...settings, JWT_SECRET: 'x'.repeat(32) }).demo).toBe(false);
    }
  });
});

test('H2: events are read whole, however they are cut, with all that JSON may hold', async () => {
  const EVENTS = '../../public/events.js';
  const { eventsOf } = (await import(EVENTS)) as {
    eventsOf: (response: Response) => AsyncIterable<{ id?: string; data: string }>;
  };
  const texts = ['plain', 'two\nlines', '\u2028\u2029', ': id: 7', '😀', ''];
  const frames = texts.map((text, i) => `id: ${i}\ndata: ${JSON.stringify({ text })}\n\n`);
  const bytes = Buffer.from(`retry: 2000\n\n${frames.join(':\n\n')}data: [DONE]\n\n`);
  for (const size of [1, 2, 3, 7, 1000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const events = [];
    for await (const event of eventsOf(new Response(ReadableStream.from(pieces)))) events.push(event);
    expect(events.pop()).toEqual({ id: undefined, data: '[DONE]' });
    expect(events.map(({ id, data }) => [id, (JSON.parse(data) as { text: string }).text])).toEqual(
      texts.map((text, i) => [String(i), text]),
    );
  }
});
