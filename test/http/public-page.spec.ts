import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { aidePage } from '../../src/aides/public-page/aide.page.js';
import { ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { statuses } from '../support/expectations.js';
import { atOnce, makeAide, newSlug } from '../support/factories.js';
import { HOSTILE } from '../support/hostile-markup.js';
import { rawHead, sendRaw } from '../support/raw-http.js';
import { readStrictly } from '../support/strict-html.js';

let app: NestFastifyApplication;
let twin: NestFastifyApplication;
let owner: string;
let client: ApiClient;
let anyone: ApiClient;

beforeAll(async () => {
  [app, twin] = await Promise.all([startApp(), startApp()]);
  anyone = new ApiClient(originOf(app));
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => Promise.all([app.close(), twin.close()]));

async function published(title: string, state: object): Promise<{ id: string; slug: string }> {
  const [{ id }, slug] = [await makeAide(client, { title, state }), newSlug()];
  expect((await client.post(`/v1/aides/${id}/publish`, { slug })).status).toBe(200);
  return { id, slug };
}

const pageOf = (title: string, state: Record<string, unknown>) =>
  aidePage({ slug: 'a-slug', title, state, version: 2, publishedAt: '2026-11-22T09:30:00.000Z' });

test('A5: whatever stands in title, keys and values is text, all of it, and nothing else', async () => {
  const state = {
    ...Object.fromEntries(HOSTILE.map((text, i) => [`${i} ${text}`, text])),
    list: HOSTILE,
    table: HOSTILE.map((text) => ({ [HOSTILE[1]!.slice(0, 24)]: text.slice(0, 60), other: text.length })),
    nested: { [HOSTILE[0]!]: { [HOSTILE[1]!]: [{ [HOSTILE[3]!]: HOSTILE }] } },
  };
  const { slug } = await published(HOSTILE[0]!, state);
  const sent = await anyone.get(`/a/${slug}`);
  const words = (page: string) => readStrictly(page).texts.filter((one) => !/^\d+ \w+ \d{4}$/.test(one));
  expect(words(sent.text).toSorted()).toEqual(words(pageOf(HOSTILE[0]!, state)).toSorted()); // jsonb orders keys itself
  for (const title of HOSTILE) {
    const { elements, texts } = readStrictly(pageOf(title, state));
    expect(texts.filter((one) => one === title).length).toBeGreaterThanOrEqual(4); // title, h1, a field, a list
    for (const [i, one] of HOSTILE.entries())
      expect(texts).toEqual(expect.arrayContaining([one, `${i} ${one}`]));
    expect(elements.filter((name) => name === 'h1')).toHaveLength(1);
  }
});

test('A5: any title and state make a page of our elements and attributes alone, of a bounded size', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE));
  const { state } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      text,
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('state'),
    ),
    list: fc.array(tie('value')),
    state: fc.dictionary(text, tie('value')),
  }));
  const isPage = fc.property(text, state, (title, any) => {
    const { elements, texts } = readStrictly(pageOf(title, any));
    expect(elements.slice(0, 4)).toEqual(['html', 'head', 'meta', 'meta']);
    if (title.trim() !== '') expect(texts.filter((one) => one === title).length).toBeGreaterThanOrEqual(2);
  });
  fc.assert(isPage, { seed: 1, numRuns: 500 });
});

test.each([
  ['one text of 1 MB', { text: '<'.repeat(1_000_000) }],
  ['one key of 1 MB', { ['"'.repeat(1_000_000)]: 1 }],
  ['100,000 keys', Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, i]))],
  ['300,000 items', { list: Array.from({ length: 300_000 }, (_, i) => i % 10) }],
  [
    'many lists of many',
    { lists: Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => [[1]])) },
  ],
  ['a table of 30,000 rows', { rows: Array.from({ length: 30_000 }, (_, i) => ({ a: i, b: true })) }],
  ['32 levels', nested(31)],
])('A5: of %s a page shows a part, and says so', (_, state) => {
  const page = pageOf('Large', state);
  expect(page.length).toBeLessThan(1_000_000);
  const { texts } = readStrictly(page);
  expect(texts.join(' ')).toMatch(/And [\d,]+ more\.|and [\d,]+ more characters|too deep for this page|"…/);
});

function nested(levels: number): Record<string, unknown> {
  return levels === 0 ? { leaf: 1 } : { level: nested(levels - 1) };
}

test('A5: a text is never cut within a character', () => {
  for (const one of ['😀'.repeat(30_000), `x${'😀'.repeat(30_000)}`]) {
    const page = pageOf('Cut', { text: one, [one]: 1 });
    expect(page.isWellFormed()).toBe(true);
  }
});

test('A5: a value is shown by what it is: fields, lists, tables, sections, yes and no, and None', () => {
  const { elements, texts } = readStrictly(
    pageOf('Planner', {
      tone: 'friendly',
      open: true,
      closed: false,
      visa: null,
      budget: 2400.5,
      nothing: [],
      days: [
        { day: 1, place: 'Lisbon' },
        { day: 2, place: 'Porto' },
      ],
      languages: ['English', 'Deutsch'],
      contacts: [{ name: 'Ana', tags: ['a'] }],
    }),
  );
  const count = (name: string) => elements.filter((one) => one === name).length;
  expect({
    dt: count('dt'),
    h2: count('h2'),
    table: count('table'),
    ul: count('ul'),
    ol: count('ol'),
  }).toEqual({
    dt: 8,
    h2: 3,
    table: 1,
    ul: 2,
    ol: 1,
  });
  expect(texts).toEqual(
    expect.arrayContaining(['friendly', 'Yes', 'No', 'None', '2400.5', 'Lisbon', 'English', 'Ana']),
  );
  expect(texts).toContain('22 November 2026');
});

test('A5: the page may load, run, send and be framed by nothing; its style is the one whose hash is allowed', async () => {
  const { slug } = await published('Planner', {});
  for (const path of [`/a/${slug}`, '/a/no-such-page']) {
    const { headers, text } = await anyone.get(path);
    const style = /<style>([^<]*)<\/style>/.exec(text)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-request-id')).toBeTruthy();
    expect(headers.get('ratelimit-policy')).toMatch(/^"anonymous"/);
    expect(style).not.toMatch(/url\(|@import|@font-face/);
  }
});

test('A5: the page is cacheable, with an ETag that holds until another publication stands there', async () => {
  const { id, slug } = await published('Planner', { tone: 'friendly' });
  const first = await anyone.get(`/a/${slug}`);
  const etag = first.headers.get('etag')!;
  expect(first.headers.get('cache-control')).toBe('public, max-age=60');
  const same = await anyone.get(`/a/${slug}`, { 'if-none-match': etag });
  expect({ status: same.status, text: same.text }).toEqual({ status: 304, text: '' });
  expect(same.headers.get('cache-control')).toBe('public, max-age=60');
  expect(same.headers.get('etag')).toBe(etag);
  expect(same.headers.get('content-type')).toBeNull();
  const head = await anyone.send('HEAD', `/a/${slug}`);
  expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', etag]);
  expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(first.text)));
  await client.patch(`/v1/aides/${id}`, { title: 'A draft' });
  expect((await anyone.get(`/a/${slug}`, { 'if-none-match': etag })).status).toBe(304);
  await client.post(`/v1/aides/${id}/publish`, { slug });
  const second = await anyone.get(`/a/${slug}`, { 'if-none-match': etag });
  expect(second.status).toBe(200);
  expect(readStrictly(second.text).texts).toContain('A draft');
});

test('O8, A5: never published, draft, unpublished, archived and deleted are one and the same page, never cached', async () => {
  const answers = await atOnce(5, async (i) => {
    const { id, slug } = await published('Planner', {});
    const take = [
      () => Promise.resolve(),
      () => client.post(`/v1/aides/${id}/unpublish`),
      () => client.post(`/v1/aides/${id}/archive`),
      () => client.delete(`/v1/aides/${id}`),
      () => client.post(`/v1/aides/${id}/publish`, { slug: newSlug() }),
    ];
    await take[i]!();
    return anyone.get(i === 0 ? '/a/never-published' : `/a/${slug}`);
  });
  for (const { status, headers, text } of answers) {
    expect([status, headers.get('cache-control'), headers.get('etag')]).toEqual([404, 'no-store', null]);
    expect(text).toBe(answers[0]!.text);
  }
  expect(readStrictly(answers[0]!.text).texts).toContain('There is no page here');
});

test('A5: what is taken down is gone from every instance with the answer', async () => {
  const other = new ApiClient(originOf(twin));
  for (const action of ['unpublish', 'archive', 'delete']) {
    const { id, slug } = await published('Planner', {});
    const etag = (await other.get(`/a/${slug}`)).headers.get('etag')!;
    const done =
      action === 'delete' ? client.delete(`/v1/aides/${id}`) : client.post(`/v1/aides/${id}/${action}`);
    expect((await done).status).toBeLessThan(300);
    for (const one of [anyone, other])
      for (const path of [`/a/${slug}`, `/v1/public/aides/${slug}`])
        expect([action, path, (await one.get(path, { 'if-none-match': etag })).status]).toEqual([
          action,
          path,
          404,
        ]);
  }
});

test('A5: neither the owner nor an id is on the page', async () => {
  const { id, slug } = await published('Planner', { tone: 'friendly' });
  const { text, headers } = await anyone.get(`/a/${slug}`);
  const everything = text + JSON.stringify([...headers]);
  expect([owner, id].filter((secret) => everything.includes(secret))).toEqual([]);
});

test.each([
  ['an unknown parameter', 'GET', '/a/some-slug?x=1', 400, 'invalid_request'],
  ['another method', 'POST', '/a/some-slug', 405, 'method_not_allowed'],
  ['NUL', 'GET', '/a/%00', 400, 'invalid_request'],
  ['a slug that none can be', 'GET', `/a/${'x'.repeat(3000)}`, 404, 'not_found'],
  ['markup', 'GET', '/a/%3Cscript%3Ealert(1)%3C%2Fscript%3E', 404, 'not_found'],
])(
  'A5: %s is answered by a page that repeats nothing of the request',
  async (_, method, path, status, code) => {
    const answer = await anyone.send(method, path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(readStrictly(answer.text).texts).toContain(`${status} ${code}`);
    expect(answer.text).not.toMatch(/alert|xxx/);
  },
);

test('R1, A5: pages count against the limit of the address, and the refusal is a page', async () => {
  const limited = await startApp(testConfig({ RATE_LIMIT_ANONYMOUS: '10', TRUST_PROXY: '127.0.0.0/8' }));
  const visitor = new ApiClient(originOf(limited));
  const answers = await atOnce(20, () => visitor.get('/a/some-slug', { 'x-forwarded-for': '198.51.100.7' }));
  await limited.close();
  const refused = answers.filter(({ status }) => status === 429);
  expect(statuses(answers)).toEqual({ 404: 10, 429: 10 });
  for (const { headers, text } of refused) {
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(readStrictly(text).texts).toContain('Too many requests');
  }
});

test('A5: the page is English whatever is preferred', async () => {
  const { slug } = await published('Planner', {});
  const [german, english] = await Promise.all(
    ['de', 'en'].map((language) =>
      sendRaw(originOf(app), rawHead(`GET /a/${slug}`, `Accept-Language: ${language}`)),
    ),
  );
  expect(german!.body).toBe(english!.body);
});
