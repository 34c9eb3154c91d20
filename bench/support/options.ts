import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const SIZES = [10_000, 100_000, 1_000_000];

export interface Options {
  /** How many messages; 5,000 belong to each owner. */
  messages: number;
  /** The data folder of the service; its embedded server and data are kept in it for the next run. */
  dir: string;
}

/**
 * Reads `--messages` (10000, 100000 or 1000000, the default) and `--dir`.
 * @throws Error for anything else
 */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: { messages: { type: 'string', default: '1000000' }, dir: { type: 'string' } },
  });
  const messages = Number(values.messages);
  if (!SIZES.includes(messages)) throw new Error(`--messages must be one of ${SIZES.join(', ')}`);
  return { messages, dir: values.dir ?? join(tmpdir(), `assistant-backend-bench-${messages}`) };
}
