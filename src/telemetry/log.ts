import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config/config.js';
import { errorFields } from './error-fields.js';

const MAX_WAITING = 16 * 1024 * 1024; // characters

const BATCH = 15_000; // characters: just below what the destination takes at once
const LATEST = 200; // milliseconds

/**
 * A slow reader delays no request, and one that does not read at all costs lines, not memory. Many lines are one write: a
 * write for each would cost as much as the line.
 */
const stdout = () =>
  pino.destination({ sync: false, minLength: BATCH, maxLength: MAX_WAITING, periodicFlush: LATEST });

let second = 0; // since the epoch
let upToSecond = '';

/** RFC 3339 in UTC; printed anew once a second. */
function timestamp(): string {
  const now = Date.now();
  if (Math.floor(now / 1000) !== second) {
    second = Math.floor(now / 1000);
    upToSecond = new Date(now).toISOString().slice(0, 20);
  }
  return `,"time":"${upToSecond}${String(now % 1000).padStart(3, '0')}Z"`;
}

/** Lines of JSON, on stdout unless told otherwise, from LOG_LEVEL up. `flush` it before the process ends. */
export const createLog = (
  config: Pick<Config, 'LOG_LEVEL'>,
  destination: DestinationStream = stdout(),
): Logger =>
  pino(
    {
      level: config.LOG_LEVEL,
      base: null,
      timestamp,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: errorFields },
    },
    destination,
  );
