import { subtle } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { TokenVerifier } from '../../src/auth/token-verifier.js';
import { testConfig } from '../support/app.js';
import { claims, forge, inSeconds } from '../support/tokens.js';

/** What is remembered of a token must never make it live longer. */

let verifier: TokenVerifier;

beforeEach(() => {
  verifier = new TokenVerifier(testConfig());
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const owner = async (token: string, by = verifier) => by.verify(['Authorization', `Bearer ${token}`]);
/** Sets the clock, and nothing else of the timers. */
const setClock = (now: number) =>
  jest.useFakeTimers({
    now,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
const signatures = () => jest.spyOn(subtle, 'verify');

test('O3: the signature of a token is checked once', async () => {
  const checked = signatures();
  const token = forge({});
  for (let i = 0; i < 5; i++) expect(await owner(token)).toBe('anyone');
  expect(checked).toHaveBeenCalledTimes(1);
  expect(await owner(forge({ payload: claims({ sub: 'another' }) }))).toBe('another');
  expect(checked).toHaveBeenCalledTimes(2);
});

test('O3: a token that was verified is refused after its expiry, as any other', async () => {
  const token = forge({ payload: claims({ exp: inSeconds(60) }) });
  expect(await owner(token)).toBe('anyone');
  const start = Date.now();
  setClock(start + 58_000);
  expect(await owner(token)).toBe('anyone');
  setClock(start + 95_000); // past the tolerance for clocks too
  await expect(owner(token)).rejects.toThrow('Unauthorized');
});

test('O3: a token that was refused is refused again', async () => {
  const token = forge({ secret: 'a key of the attacker, 32 bytes+' });
  for (let i = 0; i < 3; i++) await expect(owner(token)).rejects.toThrow('Unauthorized');
});

test('O3: of very many tokens the latest are remembered', async () => {
  const first = forge({ payload: claims({ n: -1 }) });
  await owner(first);
  for (let n = 0; n < 5000; n++) await owner(forge({ payload: claims({ n }) }));
  const checked = signatures();
  await owner(forge({ payload: claims({ n: 4999 }) }));
  expect(checked).toHaveBeenCalledTimes(0);
  expect(await owner(first)).toBe('anyone');
  expect(checked).toHaveBeenCalledTimes(1);
});

test('O3: when a key leaves the key set, what it signed is refused as soon as the set is fetched again', async () => {
  const [{ privateKey, publicKey }, next] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
  let jwk = { ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' };
  const server: Server = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const remote = new TokenVerifier(testConfig({ JWT_SECRET: '', JWT_JWKS_URL: url, JWT_AUDIENCE: 'me' }));
    const payload = claims({ aud: 'me', exp: inSeconds(7200) });
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'a' }).sign(privateKey);
    for (let i = 0; i < 3; i++) expect(await owner(token, remote)).toBe('anyone');
    const checked = signatures();
    expect(await owner(token, remote)).toBe('anyone');
    expect(checked).not.toHaveBeenCalled();
    jwk = { ...(await exportJWK(next.publicKey)), kid: 'a', alg: 'ES256' };
    setClock(Date.now() + 10 * 60 * 1000 + 1);
    await expect(owner(token, remote)).rejects.toThrow('Unauthorized');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
