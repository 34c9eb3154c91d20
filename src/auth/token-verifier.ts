import { Injectable, Logger, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import {
  createRemoteJWKSet,
  decodeJwt,
  jwksCache,
  type JWKSCacheInput,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { Config } from '../config/config.js';
import { type OwnerId, toOwnerId } from './owner-id.js';
import { VerifiedTokens } from './verified-tokens.js';

const CLOCK_TOLERANCE = 30; // seconds
const MAX_LIFETIME = 24 * 60 * 60; // seconds
const BEARER = /^Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
const AUTHORIZATION = 'authorization';
const MAX_LENGTH = 8192; // characters
const KEYS_MAX_AGE = 10 * 60 * 1000; // milliseconds
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** What looking a key up says about the token; any other failure is the key server's. */
const TOKEN_ERRORS = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS']);

/** Verifies bearer tokens (RFC 6750, RFC 7519, RFC 8725): one key source, algorithms pinned to it. */
@Injectable()
export class TokenVerifier {
  private readonly check: (token: string) => Promise<JWTPayload>;
  private readonly verified = new VerifiedTokens();
  /** When the keys in use were fetched; NaN, which equals nothing, when they are to be fetched. */
  private readonly keys: () => number = () => 0;

  constructor(config: Config) {
    const options: JWTVerifyOptions = {
      algorithms: config.JWT_JWKS_URL ? ASYMMETRIC : ['HS256'],
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ['sub', 'exp'],
      ...(config.JWT_ISSUER && { issuer: config.JWT_ISSUER }),
      ...(config.JWT_AUDIENCE && { audience: config.JWT_AUDIENCE }),
    };
    if (config.JWT_JWKS_URL) {
      if (!config.JWT_AUDIENCE)
        new Logger(TokenVerifier.name).warn(
          'JWT_AUDIENCE is not set: tokens that the identity provider made for other services are accepted too',
        );
      const fetched: JWKSCacheInput = {};
      const keys = remoteKeys(config.JWT_JWKS_URL, fetched);
      this.keys = () => (Date.now() < (fetched.uat ?? 0) + KEYS_MAX_AGE ? fetched.uat! : NaN);
      this.check = async (token) => (await jwtVerify(token, keys, options)).payload;
    } else {
      const secret = new TextEncoder().encode(config.JWT_SECRET);
      this.check = async (token) => (await jwtVerify(token, secret, options)).payload;
    }
  }

  /**
   * @param rawHeaders name, value, name, value … as they came: a repeated Authorization header is refused
   * @throws UnauthorizedException whatever is wrong with the token
   * @throws ServiceUnavailableException when the key set cannot be fetched
   */
  async verify(rawHeaders: string[]): Promise<OwnerId> {
    const token = bearerToken(rawHeaders);
    if (token === undefined || !isCanonical(token)) throw new UnauthorizedException();
    return this.verified.ownerOf(token, this.keys()) ?? this.verifyAnew(token);
  }

  /** The owner where the same token was verified before; undefined says nothing about the token. */
  verifiedBefore(rawHeaders: string[]): OwnerId | undefined {
    const token = bearerToken(rawHeaders);
    return token === undefined ? undefined : this.verified.ownerOf(token, this.keys());
  }

  private async verifyAnew(token: string): Promise<OwnerId> {
    const keys = this.keys();
    const payload = await this.check(token).catch((error: unknown) => {
      throw error instanceof ServiceUnavailableException ? error : new UnauthorizedException();
    });
    const owner = toOwnerId(payload.sub);
    if (!owner || !timely(payload)) throw new UnauthorizedException();
    this.verified.add(token, owner, payload.exp!, keys);
    return owner;
  }
}

/** When the verified token of a request is refused from, in milliseconds since the epoch. */
export function expiryOf(rawHeaders: string[]): number {
  const { exp } = decodeJwt(bearerToken(rawHeaders)!);
  return (exp! + CLOCK_TOLERANCE) * 1000;
}

/** The key set at `url`, fetched when first needed, every 10 minutes, and for an unknown key at most every 30 s. */
function remoteKeys(url: string, fetched: JWKSCacheInput): JWTVerifyGetKey {
  const options = { timeoutDuration: 3000, cacheMaxAge: KEYS_MAX_AGE, [jwksCache]: fetched };
  const keys = createRemoteJWKSet(new URL(url), options);
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (TOKEN_ERRORS.has(code)) throw error;
      new Logger(TokenVerifier.name).warn(`no keys from JWT_JWKS_URL: ${message}`);
      throw new ServiceUnavailableException();
    }
  };
}

function bearerToken(rawHeaders: string[]): string | undefined {
  let given: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length !== AUTHORIZATION.length || name.toLowerCase() !== AUTHORIZATION) continue;
    if (given !== undefined) return undefined;
    given = rawHeaders[i + 1]!;
  }
  if (given === undefined || given.length > MAX_LENGTH) return undefined;
  return BEARER.exec(given)?.[1];
}

/** One token has one spelling: a signature with stray bits at its end (RFC 4648, 3.5) is refused. */
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

/** What jose leaves open: finite times, an `iat` that is not in the future, a bounded lifetime. */
function timely({ exp, iat }: JWTPayload): boolean {
  const now = Date.now() / 1000;
  if (!Number.isFinite(exp) || (iat !== undefined && !Number.isFinite(iat))) return false;
  if (iat !== undefined && iat > now + CLOCK_TOLERANCE) return false;
  return exp! - (iat ?? now) <= MAX_LIFETIME + CLOCK_TOLERANCE;
}
