import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const LENGTH = 16; // bytes
const random = Buffer.alloc(LENGTH * 256); // filled at once: filling 16 bytes costs as much, and more than the rest of an id
let used = random.length;
let msecs = 0;
let seq = 0;

/** A UUIDv7 (RFC 9562, 5.7), greater than those this process has made before (6.2, method 1). */
export function newId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const bytes = random.subarray(used, (used += LENGTH));
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    seq = bytes.readUInt32BE(6) >>> 1;
  } else {
    seq = (seq + 1) | 0;
    if (seq === 0) msecs += 1;
  }
  return v7({ random: bytes, msecs, seq });
}
