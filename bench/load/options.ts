import { readOptionsWith } from '../support/options.ts';
import type { Turns } from './measure.ts';
import { OPERATIONS } from './operations.ts';

const option = (value: string | number) => ({ type: 'string', default: String(value) }) as const;

/**
 * Reads what all commands under load take: `--messages`, `--dir`, `--operations get-message,create-task`, `--rounds`,
 * `--seconds` (of each turn) and `--connections`; and `--rls-off`, which is one command's.
 */
export function readLoadOptions(defaults: Turns) {
  const { values, ...data } = readOptionsWith({
    operations: option(Object.keys(OPERATIONS).join()),
    rounds: option(defaults.rounds),
    seconds: option(defaults.seconds),
    connections: option(defaults.connections),
    'rls-off': { type: 'boolean', default: false },
  });
  const operations = values.operations.split(',');
  const unknown = operations.find((name) => !OPERATIONS[name]);
  if (unknown) throw new Error(`--operations: ${unknown} is none of ${Object.keys(OPERATIONS).join(', ')}`);
  const turns: Turns = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: Number(values.connections),
  };
  const wrong = Object.entries(turns).find(([, value]) => !Number.isInteger(value) || value < 1);
  if (wrong) throw new Error(`--${wrong[0]} must be a whole number from 1`);
  return { data, folder: values.dir, operations, turns, rlsOff: values['rls-off'] };
}
