import { readOptionsWith } from '../support/options.ts';
import type { Turns } from './measure.ts';
import { OPERATIONS } from './operations.ts';

const option = (value: string | number) => ({ type: 'string', default: String(value) }) as const;

/**
 * Reads what all commands under load take: `--messages`, `--dir`, `--operations get-message,create-task`, `--starts`,
 * `--rounds` (of each start), `--seconds` (of each turn) and `--connections`; and `--rls-off`, which is one command's.
 */
export function readLoadOptions(defaults: Turns & { starts?: number }) {
  const { values, ...data } = readOptionsWith({
    operations: option(Object.keys(OPERATIONS).join()),
    starts: option(defaults.starts ?? 1),
    rounds: option(defaults.rounds),
    seconds: option(defaults.seconds),
    connections: option(defaults.connections),
    'rls-off': { type: 'boolean', default: false },
  });
  const operations = values.operations.split(',');
  const unknown = operations.find((name) => !OPERATIONS[name]);
  if (unknown) throw new Error(`--operations: ${unknown} is none of ${Object.keys(OPERATIONS).join(', ')}`);
  const count = (name: 'starts' | keyof Turns) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
    return value;
  };
  const turns: Turns = {
    rounds: count('rounds'),
    seconds: count('seconds'),
    connections: count('connections'),
  };
  return {
    data,
    folder: values.dir,
    operations,
    starts: count('starts'),
    turns,
    rlsOff: values['rls-off'],
  };
}
