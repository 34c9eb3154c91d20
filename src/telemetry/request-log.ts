import { createHmac } from 'node:crypto';
import { type DestinationStream, type Logger, symbols } from 'pino';
import type { OwnerId } from '../auth/owner-id.js';
import type { Finished } from './finished.js';
import { timestamp } from './log.js';

const MAX_KNOWN = 10_000;
const HASH_LENGTH = 16; // hexadecimal digits

/**
 * One line for each request: what was done and how long it took, nothing of what was in it. As pino would write it, which takes
 * as long as a twentieth of a request: there is nothing to escape in names of routes and methods, ids and numbers. The duration
 * by `toFixed`, because V8 keeps what `String` makes of a number until another number takes its place.
 */
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

  const stream = (log as unknown as Record<symbol, DestinationStream>)[symbols.streamSym]!;
  return ({ requestId, method, route, status, duration, owner }) => {
    const outcome = status === undefined ? '' : `,"status":${status}`;
    const hash = owner === undefined ? '' : `,"owner":"${hashOf(owner)}"`;
    const message = status === undefined ? 'request aborted' : 'request';
    stream.write(
      `{"level":"info"${timestamp()},"requestId":"${requestId}","method":"${method}","route":"${route}"${outcome}` +
        `,"duration":${duration.toFixed(2)}${hash},"msg":"${message}"}\n`,
    );
  };
}
