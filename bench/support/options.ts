import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';

export const SIZES = [10_000, 100_000, 1_000_000];

export interface Options {
  /** How many messages; 5,000 belong to each owner. */
  messages: number;
  /** The data folder of the service; its embedded server and data are kept in it for the next run. */
  dir: string;
}

const DATA = { messages: { type: 'string', default: '1000000' }, dir: { type: 'string' } } as const;

/**
 * Reads `--messages` (10000, 100000 or 1000000, the default) and `--dir`.
 * @throws Error for anything else
 */
export function readOptions(): Options {
  return dataOptions(parseArgs({ options: DATA }).values);
}

/** The same with options of a command's own. */
export function readOptionsWith<Own extends NonNullable<ParseArgsConfig['options']>>(own: Own) {
  const { values } = parseArgs({ options: { ...DATA, ...own } });
  return { ...dataOptions(values as { messages: string; dir?: string }), values };
}

function dataOptions(values: { messages: string; dir?: string }): Options {
  const messages = Number(values.messages);
  if (!SIZES.includes(messages)) throw new Error(`--messages must be one of ${SIZES.join(', ')}`);
  return { messages, dir: values.dir ?? dataDir(messages) };
}

export const dataDir = (messages: number) => join(tmpdir(), `assistant-backend-bench-${messages}`);
