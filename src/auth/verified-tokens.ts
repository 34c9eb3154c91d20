import type { OwnerId } from './owner-id.js';

const MAX_TOKENS = 5000;
const MAX_LENGTH = 2048; // characters of a token that is kept

interface Verified {
  owner: OwnerId;
  expires: number; // milliseconds since the epoch
  keys: number;
}

/** Tokens that were verified, the latest few thousand: a signature is checked once and not for each request. */
export class VerifiedTokens {
  private readonly tokens = new Map<string, Verified>();

  /** @param keys the state of the keys now: under any other than that of its verification a token is unknown */
  ownerOf(token: string, keys: number): OwnerId | undefined {
    const verified = this.tokens.get(token);
    if (!verified) return undefined;
    if (verified.keys === keys && Date.now() < verified.expires) return verified.owner;
    this.tokens.delete(token);
    return undefined;
  }

  /** @param exp seconds since the epoch, after which it is verified anew */
  add(token: string, owner: OwnerId, exp: number, keys: number): void {
    if (token.length > MAX_LENGTH) return;
    if (this.tokens.size >= MAX_TOKENS) this.tokens.delete(this.tokens.keys().next().value!);
    this.tokens.set(token, { owner, expires: exp * 1000, keys });
  }
}
