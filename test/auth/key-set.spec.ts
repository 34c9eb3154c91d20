import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { ApiClient, originOf, startApp, testConfig } from '../support/app.js';
import { claims, forge } from '../support/tokens.js';

/** A key server, as an identity provider runs one. */
let server: Server;
let published: unknown;
let status = 200;
let fetches = 0;

let app: NestFastifyApplication;
let rs256: Key;

interface Key {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

async function newKey(alg: string, kid: string): Promise<Key> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } };
}

const publish = (...keys: Key[]) => (published = { keys: keys.map(({ jwk }) => jwk) });

const sign = (key: Key, header: object = {}) =>
  new SignJWT(claims()).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);

const ask = async (token: string, on = app) => new ApiClient(originOf(on), token).get('/v1/me');

const withKeySet = () => {
  const { port } = server.address() as AddressInfo;
  return startApp(testConfig({ JWT_SECRET: '', JWT_JWKS_URL: `http://127.0.0.1:${port}/jwks.json` }));
};

beforeAll(async () => {
  server = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof published === 'string' ? published : JSON.stringify(published));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  rs256 = await newKey('RS256', 'rsa-1');
});
beforeEach(async () => {
  status = 200;
  publish(rs256);
  app = await withKeySet(); // with nothing fetched yet
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each(['RS256', 'ES256', 'EdDSA'])('O3: a key set verifies %s', async (alg) => {
  const key = await newKey(alg, 'its-own');
  publish(rs256, key);
  expect((await ask(await sign(key))).status).toBe(200);
  const other = await newKey(alg, 'its-own');
  expect((await ask(await sign(other))).status).toBe(401);
});

test('O3: a key that is added is found, one that is removed is refused, and unknown ids do not cause a fetch each', async () => {
  const next = await newKey('RS256', 'rsa-2');
  expect((await ask(await sign(rs256))).status).toBe(200);
  const fetched = fetches;
  for (let i = 0; i < 5; i++) expect((await ask(await sign(next))).status).toBe(401);
  expect(fetches).toBe(fetched);

  const start = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => start + 31_000); // past the pause between fetches
  publish(next);
  expect((await ask(await sign(next))).status).toBe(200);
  expect((await ask(await sign(rs256))).status).toBe(401);
  expect(fetches).toBe(fetched + 1);
});

test('O3: keys of the token itself and keys of another kind are refused', async () => {
  const [other, elliptic] = [await newKey('RS256', 'rsa-1'), await newKey('ES256', 'rsa-1')];
  const jku = `${originOf(app)}/jwks.json`;
  const tokens = [
    await sign(other, { jwk: other.jwk }),
    await sign(other, { kid: undefined, jwk: other.jwk }),
    await sign(other, { jku, x5u: jku }),
    await sign({ ...other, kid: '../rsa-1' }),
    await sign(elliptic),
    forge({ header: { alg: 'none', kid: 'rsa-1' } }),
    forge({ header: { alg: 'RS256', kid: ['rsa-1'] } }),
    forge({ header: { alg: 'PS256', kid: 'rsa-1' } }),
    forge({ header: { alg: 'ML-DSA-65', kid: 'rsa-1' } }),
  ];
  const answers = await Promise.all(tokens.map((token) => ask(token)));
  expect(answers.map(({ status: answered }) => answered)).toEqual(tokens.map(() => 401));
});

test('O3: the public key is no HS256 secret, in whichever form', async () => {
  const pem = await exportSPKI(rs256.publicKey);
  for (const secret of [pem, pem.trim(), JSON.stringify(rs256.jwk), Buffer.from(rs256.jwk.n!, 'base64url')])
    for (const header of [{ alg: 'HS256' }, { alg: 'HS256', kid: 'rsa-1' }])
      expect((await ask(forge({ header, secret }))).status).toBe(401);
});

const OUTAGES: Record<string, () => unknown> = {
  'answers 500': () => (status = 500),
  redirects: () => (status = 302),
  'answers no JSON': () => (published = '<html>'),
  'answers no key set': () => (published = { error: 'temporarily_unavailable' }),
};

describe('O3: while keys cannot be had, a token that may be right is answered 503, not 401:', () => {
  test.each(Object.entries(OUTAGES))('the key server %s', async (_, fail) => {
    const token = await sign(rs256);
    fail();
    const { status: answered, headers } = await ask(token);
    expect({ answered, retry: headers.get('retry-after') }).toEqual({ answered: 503, retry: '1' });
    expect((await ask(forge({}))).status).toBe(401); // no key could make this one right
    status = 200;
    publish(rs256);
    expect((await ask(token)).status).toBe(200);
  });

  test('the key server is gone', async () => {
    const gone = await startApp(testConfig({ JWT_SECRET: '', JWT_JWKS_URL: 'http://127.0.0.1:1/jwks.json' }));
    const { status: answered, headers } = await ask(await sign(rs256), gone);
    expect({ answered, retry: headers.get('retry-after') }).toEqual({ answered: 503, retry: '1' });
    await gone.close();
  });
});
