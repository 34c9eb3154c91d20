import { generateKeyPairSync } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EncryptJWT, SignJWT } from 'jose';
import { newOwner, originOf, startApp, testConfig, TEST_SECRET } from '../support/app.js';
import { rawHead, sendRaw } from '../support/raw-http.js';
import { claims, forge, forgeSub, inSeconds } from '../support/tokens.js';

let app: NestFastifyApplication;
let strict: NestFastifyApplication;

beforeAll(async () => {
  app = await startApp();
  strict = await startApp(testConfig({ JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'assistant' }));
});
afterAll(() => Promise.all([app.close(), strict.close()]));

const REQUEST = 'X-Request-Id: fixed-for-comparison';

/** `GET /v1/me` with these Authorization headers, byte for byte. */
const ask = (on: NestFastifyApplication, ...authorization: string[]) =>
  sendRaw(
    originOf(on),
    rawHead('GET /v1/me', REQUEST, ...authorization.map((value) => `Authorization: ${value}`)),
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
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

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
  'a token in quotes': () => [`Bearer "${valid()}"`],
  'its own scheme twice': () => [`Bearer Bearer ${valid()}`],
  'another scheme': () => [`Token ${valid()}`],
  'a scheme that only begins so': () => [`BearerX ${valid()}`],
  'no space': () => [`Bearer${valid()}`],
  'a parameter behind it': () => [`Bearer ${valid()}; a=b`],
  'a fourth part': () => [`Bearer ${valid()}.${valid().split('.')[2]}`],
  'the plain alphabet of base64': () => [`Bearer ${valid().replaceAll(/[-_]/g, '+')}+`],
  'a byte beyond ASCII': () => [`Bearer ${valid()}\u00e9`],
  'more than 8 kB': () => [`Bearer ${forge({ payload: claims({ filler: 'x'.repeat(6200) }) })}`],
};

const TOKENS: Record<string, () => string | Promise<string>> = {
  'alg none': () => forge({ header: { alg: 'none' } }),
  'alg None': () => forge({ header: { alg: 'None' } }),
  'alg NONE': () => forge({ header: { alg: 'NONE' } }),
  'alg nOnE and nothing signed': () => forge({ header: { alg: 'nOnE' } }).replace(/[^.]*$/, 'AA'),
  'alg null': () => forge({ header: { alg: null } }),
  'two algs': () => forge({ header: { alg: ['HS256', 'none'] } }),
  'alg none before the real one': () => forge({ header: '{"alg":"HS256","alg":"none"}' }),
  'a header that is no object': () => forge({ header: '"HS256"' }),
  'a header that is no JSON': () => forge({ header: 'HS256' }),
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
  'SQL as key id': () => forge({ header: { alg: 'HS256', kid: "x' UNION SELECT 'key" }, ...ownKey }),
  'the thumbprint of its certificate': () => forge({ header: { alg: 'HS256', x5t: 'AA' }, ...ownKey }),
  'compression that is critical': () => forge({ header: { alg: 'HS256', zip: 'DEF', crit: ['zip'] } }),
  'an unknown critical extension': () => forge({ header: { alg: 'HS256', crit: ['x'], x: 1 } }),
  'nothing critical': () => forge({ header: { alg: 'HS256', crit: [] } }),
  'half a signature': () => valid().slice(0, -20),
  'more than its signature': () => `${valid()}AAAA`,
  'a payload that is null': () => forge({ payload: 'null' }),
  'a payload that is not UTF-8': () => {
    const payload = Buffer.from(`{"sub":"\xff","exp":${inSeconds(60)}}`, 'latin1');
    return forge({ payload });
  },
  'a payload that is no object': () => forge({ payload: '["sub"]' }),
  'a payload that is no JSON': () => forge({ payload: 'sub' }),
  'no expiry': () => forge({ payload: claims({ exp: undefined }) }),
  'expiry 0': () => forge({ payload: claims({ exp: 0 }) }),
  'a negative expiry': () => forge({ payload: claims({ exp: -1 }) }),
  'an expiry that is null': () => forge({ payload: claims({ exp: null }) }),
  'an expiry that is true': () => forge({ payload: claims({ exp: true }) }),
  'an expiry in a list': () => forge({ payload: claims({ exp: [inSeconds(60)] }) }),
  'an expiry in milliseconds': () => forge({ payload: claims({ exp: inSeconds(60) * 1000 }) }),
  'an expiry in the past after one to come': () =>
    forge({ payload: `{"sub":"anyone","exp":${inSeconds(60)},"exp":${inSeconds(-60)}}` }),
  'an infinite start': () => forge({ payload: `{"sub":"anyone","exp":${inSeconds(60)},"nbf":1e400}` }),
  'an issue long ago without bounds': () =>
    forge({ payload: `{"sub":"anyone","exp":${inSeconds(60)},"iat":-1e400}` }),
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
  false: 'false',
  'an infinite number': '1e400',
  'the low half of a surrogate pair': String.raw`"\udc00"`,
  'a surrogate pair the wrong way round': String.raw`"\udc00\ud800"`,
  'a good one before one of NUL': String.raw`"anyone","sub":"\u0000"`,
  'of 256 bytes in 64 characters': JSON.stringify('🦊'.repeat(64)),
  'of 5 kB': JSON.stringify('a'.repeat(5000)),
  'of 256 bytes in 128 characters': JSON.stringify('é'.repeat(128)),
};

describe('O3: refused, all in the same words:', () => {
  test.each(Object.entries(HEADERS))('the header: %s', (_, headers) => refused(app, ...headers()));
  test.each(Object.entries(TOKENS))('a token with %s', async (_, token) =>
    refused(app, `Bearer ${await token()}`),
  );
  test.each(Object.entries(SUBJECTS))('a subject %s', (_, json) => refused(app, `Bearer ${forgeSub(json)}`));

  test.each(['?access_token=', '?token=', '?jwt=', '?authorization=Bearer%20', '?Authorization=', '/', '#'])(
    'a token in the address: %s',
    async (where) => {
      const { body } = await sendRaw(originOf(app), rawHead(`GET /v1/me${where}${valid()}`, REQUEST));
      expect(body).toBe((await ask(app)).body);
    },
  );

  test.each([
    'Cookie: token=',
    'Cookie: access_token=',
    'Cookie: Authorization=Bearer ',
    'X-Authorization: Bearer ',
    'Proxy-Authorization: Bearer ',
    'X-Forwarded-Authorization: Bearer ',
    'Authentication: Bearer ',
    'X-Access-Token: ',
    'X-Auth-Token: ',
    'X-Api-Key: ',
    'X-Forwarded-User: ',
    'Sec-WebSocket-Protocol: bearer, ',
  ])('a token in another header: %s', async (header) => {
    const { body } = await sendRaw(originOf(app), rawHead('GET /v1/me', REQUEST, header + valid()));
    expect(body).toBe((await ask(app)).body);
  });

  test('a token in the body', async () => {
    const body = new URLSearchParams({ access_token: valid() });
    expect((await fetch(`${originOf(app)}/v1/tasks`, { method: 'POST', body })).status).toBe(401);
  });

  test('a token with any character of its signature changed', async () => {
    const token = valid();
    const start = token.lastIndexOf('.') + 1;
    const changed = Array.from(token.slice(start), (c, i) => {
      const other = ALPHABET[ALPHABET.indexOf(c) ^ 1]!; // the last character has two bits to spare
      return token.slice(0, start + i) + other + token.slice(start + i + 1);
    });
    for (const one of changed) await refused(app, `Bearer ${one}`);
  });

  test.each([
    ['no issuer', { aud: 'assistant' }],
    ['another issuer', { aud: 'assistant', iss: 'https://id.example/' }],
    ['issuers in a list', { aud: 'assistant', iss: ['https://id.example'] }],
    ['an issuer in capitals', { aud: 'assistant', iss: 'HTTPS://ID.EXAMPLE' }],
    ['no audience', { iss: 'https://id.example' }],
    ['an audience that is longer', { iss: 'https://id.example', aud: 'assistant-admin' }],
    ['an audience that is part of it', { iss: 'https://id.example', aud: 'assist' }],
    ['no audience in the list', { iss: 'https://id.example', aud: [] }],
    ['an audience within a list of lists', { iss: 'https://id.example', aud: [['assistant']] }],
    ['an audience that is an object', { iss: 'https://id.example', aud: { assistant: 'assistant' } }],
    ['an audience that is null', { iss: 'https://id.example', aud: null }],
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

  test('the last of equal claims, as RFC 7519 has it', () =>
    accepted(app, `Bearer ${forgeSub(`"","sub":${JSON.stringify(newOwner())}`)}`));

  test('an expiry with a fraction', () =>
    accepted(app, `Bearer ${forge({ payload: claims({ exp: inSeconds(60) + 0.5 }) })}`));

  test('the scheme in any case, before several spaces', () => accepted(app, `bEARER   ${valid()}`));

  test('one of several audiences', () =>
    accepted(
      strict,
      `Bearer ${forge({ payload: claims({ iss: 'https://id.example', aud: ['x', 'assistant'] }) })}`,
    ));
});
