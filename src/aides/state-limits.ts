import { jsonSize } from '../http/json-size.js';
import { type FieldError, Problem } from '../http/problem.js';
import { MAX_DEPTH } from '../http/text-rules.js';
import { type Operation, patched, PatchFailed, type State } from './json-patch.js';

const MAX_STATE = 1024 * 1024; // bytes

const REASONS: Record<PatchFailed['reason'], string> = {
  missing: 'the location does not exist',
  test: 'the value is another one',
  target: 'nothing can be put at the location',
  length: 'the copies of a patch may have 1 MiB together',
};

/**
 * What a patch makes of a state, which is used up.
 * @throws Problem `patch_failed` naming the operation, or `/operations` where the state that they make is none
 */
export function nextState(state: State, operations: readonly Operation[]): State {
  try {
    return checkedState(patched(state, operations));
  } catch (error) {
    if (!(error instanceof PatchFailed)) throw error;
    throw failed(`/operations/${error.index}`, error.reason, REASONS[error.reason]);
  }
}

function checkedState(state: unknown): State {
  if (typeof state !== 'object' || state === null || Array.isArray(state))
    throw failed('/operations', 'type', 'must leave a JSON object');
  if (jsonSize(state) > MAX_STATE) throw failed('/operations', 'length', 'must leave at most 1 MiB of JSON');
  if (isDeeper(state, MAX_DEPTH))
    throw failed('/operations', 'depth', 'must leave a state of at most 32 levels');
  return state as State;
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((child) => isDeeper(child, levels - 1)));

const failed = (...[pointer, code, detail]: [string, string, string]) =>
  new Problem('patch_failed', undefined, [{ pointer, code, detail } satisfies FieldError]);
