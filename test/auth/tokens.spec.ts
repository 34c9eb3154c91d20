import { generateKeyPairSync } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EncryptJWT, SignJWT } from 'jose';
import { ApiClient, newOwner, originOf, startApp, testConfig, TEST_SECRET } from '../support/app.js';
import { rawHead, sendRaw } from '../support/raw-http.js';
import { claims, forge, forgeSub, inSeconds } from '../support/tokens.js';

let app: NestFastifyApplication;
let strict: NestFastifyApplication;

beforeAll(async () => {
  app = await startApp();
  strict = await startApp(testConfig({ JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'assistant' }));
});
afterAll(() => Promise.all([app.close(), strict.close()]));

const REQUEST_ID = 'fixed-for-comparison';

/** `GET /v1/me` with these Authorization headers, byte for byte. */
const ask = (on: NestFastifyApplication, ...authorization: string[]) =>
  sendRaw(
    originOf(on),
    rawHead(
      'GET /v1/me',
      `X-Request-Id: ${REQUEST_ID}`,
      ...authorization.map((value) => `Authorization: ${value}`),
    ),
  );

async function refused(on: NestFastifyApplication, ...authorization: string[]): Promise<void> {
  const answer = await ask(on, ...authorization);
  expect(answer).toMatchObject({ status: 401, body: expect.stringContaining('"code":"unauthenticated"') });
  expect(answer.head).toMatch(/^www-authenticate: Bearer error="invalid_token"\r?$/im);
  expect(answer.body).toBe((await ask(on)).body);
}

const accepted = async (on: NestFastifyApplication, authorization: string) =>
  expect(await ask(on, authorization)).toMatchObject({ status: 200 });

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { kty: 'oct', k: Buffer.from('a key of the attacker, 32 bytes+').toString('base64url') };
const ownKey = { secret: 'a key of the attacker, 32 bytes+' };
const valid = () => forge({});

const HEADERS: Record<string, () => string[]> = {
  'no header': () => [],
  'an empty one': () => [''],
  'no token': () => ['Bearer'],
  Basic: () => [`Basic ${Buffer.from('anyone:secret').toString('base64')}`],
  'a token without its scheme': () => [valid()],
  'two headers': () => [`Bearer ${valid()}`, `Bearer ${valid()}`],
  'two headers, one of them empty': () => ['', `Bearer ${valid()}`],
  'two tokens in one': () => [`Bearer ${valid()}, Bearer ${valid()}`],
  'a tab for a space': () => [`Bearer\t${valid()}`],
  'a space in the token': () => [`Bearer ${valid().replace('.', '. ')}`],
  'a trailing dot': () => [`Bearer ${valid()}.`],
  'no signature': () => [`Bearer ${valid().replace(/[^.]*$/, '')}`],
  'no signature nor dot': () => [`Bearer ${valid().replace(/\.[^.]*$/, '')}`],
  padding: () => [`Bearer ${valid()}==`],
  garbage: () => ['Bearer x'],
  'garbage in three parts': () => ['Bearer eyJ.eyJ.eyJ'],
  'more than 8 kB': () => [`Bearer ${forge({ payload: claims({ filler: 'x'.repeat(6200) }) })}`],
};

const TOKENS: Record<string, () => string | Promise<string>> = {
  'alg none': () => forge({ header: { alg: 'none' } }),
  'alg None': () => forge({ header: { alg: 'None' } }),
  'alg missing': () => forge({ header: { typ: 'JWT' } }),
  'alg in lower case': () => forge({ header: { alg: 'hs256' } }),
  'another secret': () => forge(ownKey),
  'an empty secret': () => forge({ secret: '' }),
  HS384: () => forge({ header: { alg: 'HS384' }, hash: 'sha384' }),
  HS512: () => forge({ header: { alg: 'HS512' }, hash: 'sha512' }),
  RS256: () => new SignJWT(claims()).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey),
  'an encrypted token': () =>
    new EncryptJWT(claims())
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(Buffer.from(TEST_SECRET).subarray(0, 32)),
  'a payload changed after signing': () => {
    const [header, , signature] = valid().split('.');
    return `${header}.${forge({ payload: claims({ sub: 'admin' }) }).split('.')[1]}.${signature}`;
  },
  'a critical extension': () => forge({ header: { alg: 'HS256', crit: ['exp'], exp: 1 } }),
  'a payload that is not encoded': () => forge({ header: { alg: 'HS256', crit: ['b64'], b64: false } }),
  'its own key': () => forge({ header: { alg: 'HS256', jwk }, ...ownKey }),
  'the address of its key': () => forge({ header: { alg: 'HS256', jku: 'http://127.0.0.1:1/' }, ...ownKey }),
  'a certificate': () =>
    forge({ header: { alg: 'HS256', x5c: ['MIIB'], x5u: 'http://127.0.0.1:1/' }, ...ownKey }),
  'a file as key id': () => forge({ header: { alg: 'HS256', kid: '/dev/null' }, secret: '' }),
  'a payload that is no object': () => forge({ payload: '["sub"]' }),
  'a payload that is no JSON': () => forge({ payload: 'sub' }),
  'no expiry': () => forge({ payload: claims({ exp: undefined }) }),
  'an expiry in the past': () => forge({ payload: claims({ iat: inSeconds(-90), exp: inSeconds(-31) }) }),
  'an infinite expiry': () => forge({ payload: '{"sub":"anyone","exp":1e400}' }),
  'an expiry that is text': () => forge({ payload: claims({ exp: String(inSeconds(60)) }) }),
  'a start in the future': () => forge({ payload: claims({ nbf: inSeconds(90) }) }),
  'a start that is text': () => forge({ payload: claims({ nbf: '0' }) }),
  'an issue in the future': () => forge({ payload: claims({ iat: inSeconds(90) }) }),
  'an infinite issue': () => forge({ payload: `{"sub":"anyone","exp":${inSeconds(60)},"iat":1e400}` }),
  'an issue that is text': () => forge({ payload: claims({ iat: String(inSeconds(0)) }) }),
  'a life of more than 24 hours': () => forge({ payload: claims({ exp: inSeconds(24 * 3600 + 90) }) }),
  'the rest of a life of years': () => forge({ payload: claims({ iat: inSeconds(-400 * 86_400) }) }),
  'no issue and a long life': () =>
    forge({ payload: claims({ iat: undefined, exp: inSeconds(24 * 3600 + 90) }) }),
  'no subject': () => forge({ payload: claims({ sub: undefined }) }),
};

const SUBJECTS: Record<string, string> = {
  empty: '""',
  null: 'null',
  'an array': '["anyone"]',
  'an object': '{"toString":"anyone"}',
  'a number': '1',
  true: 'true',
  'with NUL': String.raw`"any\u0000one"`,
  'NUL alone': String.raw`"\u0000"`,
  'with a lone surrogate': String.raw`"\ud800one"`,
  'of 256 bytes': JSON.stringify('a'.repeat(256)),
  'of 256 bytes in 128 characters': JSON.stringify('é'.repeat(128)),
};

describe('O3: refused, all in the same words:', () => {
  test.each(Object.entries(HEADERS))('the header: %s', (_, headers) => refused(app, ...headers()));
  test.each(Object.entries(TOKENS))('a token with %s', async (_, token) =>
    refused(app, `Bearer ${await token()}`),
  );
  test.each(Object.entries(SUBJECTS))('a subject %s', (_, json) => refused(app, `Bearer ${forgeSub(json)}`));

  test('a token in the query', async () => {
    const answer = await fetch(`${originOf(app)}/v1/me?access_token=${valid()}&token=${valid()}`);
    expect(answer.status).toBe(401);
  });

  test.each([
    ['no issuer', { aud: 'assistant' }],
    ['another issuer', { aud: 'assistant', iss: 'https://id.example/' }],
    ['no audience', { iss: 'https://id.example' }],
    ['another audience', { iss: 'https://id.example', aud: ['other', 'Assistant'] }],
  ])('%s, where one is configured', (_, payload) =>
    refused(strict, `Bearer ${forge({ payload: claims(payload) })}`),
  );
});

describe('O3: accepted:', () => {
  test('a token just within the tolerance of 30 seconds', async () => {
    const within = { iat: inSeconds(25), nbf: inSeconds(25), exp: inSeconds(24 * 3600 + 25) };
    await accepted(app, `Bearer ${forge({ payload: claims(within) })}`);
    await accepted(app, `Bearer ${forge({ payload: claims({ exp: inSeconds(-25) }) })}`);
  });

  test('the scheme in any case, before several spaces', () => accepted(app, `bEARER   ${valid()}`));

  test('one of several audiences', () =>
    accepted(
      strict,
      `Bearer ${forge({ payload: claims({ iss: 'https://id.example', aud: ['x', 'assistant'] }) })}`,
    ));
});

test('O1, O8: subjects that look alike are different owners, each kept exactly', async () => {
  const base = newOwner();
  const subjects = [
    base,
    base.toUpperCase(),
    ` ${base}`,
    `${base} `,
    `${base}\t`,
    `${base}'; DROP TABLE app.users; --`,
    `${base}' OR '1'='1`,
    `${base}"`,
    `${base}%`,
    `${base}\\`,
    `${base}🦊`,
    `${base}é`,
    `${base}e\u0301`,
    `${base}\u200b`,
    `${base}\ufffd`,
    base.padEnd(255, 'x'),
    base.padEnd(254, 'x'),
    ` ${base}`.padStart(255, ' '),
  ];
  const clients = subjects.map((sub) => new ApiClient(originOf(app), forgeSub(JSON.stringify(sub))));
  const ids = await Promise.all(
    clients.map(
      async (client, i) => (await client.post<{ id: string }>('/v1/tasks', { title: `of ${i}` })).body.id,
    ),
  );
  for (const [i, client] of clients.entries()) {
    const { body } = await client.get<{ data: { id: string; title: string }[] }>('/v1/tasks');
    expect(body.data).toMatchObject([{ id: ids[i], title: `of ${i}` }]);
    expect((await client.get(`/v1/tasks/${ids[(i + 1) % ids.length]}`)).status).toBe(404);
  }
});

test('O1: neither query, body nor header names the owner', async () => {
  const [own, other] = [newOwner(), newOwner()];
  const client = new ApiClient(originOf(app), forge({ payload: claims({ sub: own }) }));
  const stranger = new ApiClient(originOf(app), forge({ payload: claims({ sub: other }) }));
  for (const name of ['ownerId', 'owner_id', 'sub', 'userId']) {
    expect((await client.get(`/v1/tasks?${name}=${other}`)).status).toBe(400);
    expect((await client.post('/v1/tasks', { title: 'mine', [name]: other })).status).toBe(400);
    const sent = await client.post('/v1/tasks', { title: 'mine' }, { [`x-${name}`]: other });
    expect(sent.status).toBe(201);
  }
  expect((await stranger.get('/v1/tasks')).body).toMatchObject({ data: [] });
});
