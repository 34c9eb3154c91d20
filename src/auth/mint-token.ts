import { SignJWT } from 'jose';
import type { Config } from '../config/config.js';
import { Failure } from '../config/failure.js';

/** Whose tokens a demo shows. */
export const DEMO_OWNERS = ['alice', 'bob'];

/** Signs a development token for an owner, valid for `hours` (at most 24). Needs a shared secret, not a key set. */
export function mintToken(config: Config, sub: string, hours = 12): Promise<string> {
  if (!config.JWT_SECRET) throw new Failure('JWT_JWKS_URL is set: tokens come from your identity provider');
  const token = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject(sub).setIssuedAt();
  if (config.JWT_ISSUER) token.setIssuer(config.JWT_ISSUER);
  if (config.JWT_AUDIENCE) token.setAudience(config.JWT_AUDIENCE);
  return token.setExpirationTime(`${hours}h`).sign(new TextEncoder().encode(config.JWT_SECRET));
}
