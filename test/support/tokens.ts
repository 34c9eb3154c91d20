import { createHmac } from 'node:crypto';
import { TEST_SECRET } from './app.js';

const base64url = (part: unknown) =>
  Buffer.from(typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part)).toString(
    'base64url',
  );

/** Seconds from now, as a NumericDate. */
export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

export const claims = (more: object = {}) => ({
  sub: 'anyone',
  iat: inSeconds(0),
  exp: inSeconds(3600),
  ...more,
});

interface Forgery {
  header?: unknown;
  /** A string is taken as the JSON text itself, a buffer as its bytes. */
  payload?: unknown;
  secret?: string | Buffer;
  hash?: string;
}

/** A token signed by hand, so that it can say what no library would sign. */
export function forge({
  header = { alg: 'HS256' },
  payload = claims(),
  secret = TEST_SECRET,
  hash = 'sha256',
}: Forgery) {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/** A token whose `sub` is this JSON text. */
export const forgeSub = (json: string) =>
  forge({ payload: `{"sub":${json},"iat":${inSeconds(0)},"exp":${inSeconds(3600)}}` });
