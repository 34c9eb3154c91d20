import { parseArgs } from 'node:util';
import { Failure } from '../config/failure.js';

/** Reads `--name value` pairs of the command line. @throws Failure with the usage where another one is given */
export function readOptions<Name extends string>(
  usage: string,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ options }).values as Partial<Record<Name, string>>;
  } catch (error) {
    throw new Failure(`${(error as Error).message}\nusage: ${usage}`);
  }
}
