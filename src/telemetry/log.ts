import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config/config.js';
import { BatchedStdout } from './batched-stdout.js';
import { errorFields } from './error-fields.js';

let stdout: BatchedStdout | undefined; // a process has one

let second = 0; // since the epoch
let upToSecond = '';

/** RFC 3339 in UTC; printed anew once a second. */
export function timestamp(): string {
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
  destination: DestinationStream = (stdout ??= new BatchedStdout()),
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
