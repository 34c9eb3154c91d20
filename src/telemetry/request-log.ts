import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import type { OwnerId } from '../auth/owner-id.js';
import type { Finished } from './finished.js';

const MAX_KNOWN = 10_000;
const HASH_LENGTH = 16; // hexadecimal digits

/** One line for each request: what was done and how long it took, nothing of what was in it. */
export function requestLog(log: Logger, ownerHashKey: Buffer): (request: Finished) => void {
  const known = new Map<OwnerId, string>();

  function hashOf(owner: OwnerId): string {
    const found = known.get(owner);
    if (found) return found;
    if (known.size >= MAX_KNOWN) known.clear();
    const hash = createHmac('sha256', ownerHashKey).update(owner).digest('hex').slice(0, HASH_LENGTH);
    known.set(owner, hash);
    return hash;
  }

  return ({ requestId, method, route, status, duration, owner }) =>
    log.info(
      {
        requestId,
        method,
        route,
        status,
        duration: Math.round(duration * 100) / 100,
        owner: owner && hashOf(owner),
      },
      status === undefined ? 'request aborted' : 'request',
    );
}
