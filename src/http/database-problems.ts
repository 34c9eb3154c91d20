import { isNativeError } from 'node:util/types';
import { isOwnerGone, RowNotFound, StaleVersion, WrongState } from '../database/errors.js';
import { invalid, Problem, referenceNotFound } from './problem.js';

/** What a violated constraint means to a client. The name is all that PostgreSQL tells under row-level security. */
const CONSTRAINTS: Record<string, () => Problem> = {
  aides_slug_key: () => new Problem('slug_taken'),
  signal_mappings_phone_number_key: () => new Problem('phone_taken'),
  signal_mappings_verified_key: () => new Problem('phone_taken'),
  runs_running_key: () => new Problem('turn_in_progress'),
  tool_calls_frozen: () => new Problem('invalid_state', 'A finished tool call never changes.'),
  tool_calls_message_id_fkey: () => new Problem('not_found'), // it was in the path, and erased meanwhile
  messages_content_check: () =>
    invalid('/content', 'content', 'must not be empty, unless an assistant message has tool calls'),
  conversations_metadata_check: () => tooLong('/metadata'),
  messages_metadata_check: () => tooLong('/metadata'),
};
const tooLong = (pointer: string) => invalid(pointer, 'length', 'must be at most 16384 bytes as JSON');

const FOREIGN_KEY = '23503';
/** Gone in a moment, one way or the other: serialisation, deadlock, time-outs, too many connections or locks. */
const BUSY = new Set(['40001', '40P01', '55P03', '57014', '53300', '53200', '25P03', '25P04']);
/** Class 08 connection, 57P0x shutdown, 53100 disk full, 25006 read-only, 28xxx and 3D000 while it is being set up. */
const UNAVAILABLE = /^(08...|57P0.|53100|25006|28...|3D000|58...|XX...)$/;
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
/** pg's errors without a code. */
const MESSAGES = /^(Connection terminated|Client (has encountered|was closed)|timeout expired)/;

interface DatabaseError extends Error {
  code?: string;
  constraint?: string;
}

/** The one place where an error of the database becomes a problem; undefined where it is not one of its errors. */
export function databaseProblem(error: unknown): Problem | undefined {
  if (error instanceof RowNotFound) return new Problem('not_found');
  if (error instanceof StaleVersion) return new Problem('version_mismatch');
  if (error instanceof WrongState) return new Problem('invalid_state');
  if (isOwnerGone(error)) return new Problem('busy');
  if (!isNativeError(error)) return undefined; // the network's own errors may be of another realm
  const { code = '', constraint, message } = error as DatabaseError;
  if (constraint && CONSTRAINTS[constraint]) return CONSTRAINTS[constraint]();
  if (code === FOREIGN_KEY) return reference(constraint ?? '');
  if (message.startsWith('Cannot use a pool after')) return new Problem('shutting_down');
  if (BUSY.has(code) || message.startsWith('timeout exceeded')) return new Problem('busy');
  if (UNAVAILABLE.test(code) || NETWORK.has(code) || MESSAGES.test(message))
    return new Problem('database_unavailable');
  return undefined;
}

/** `<table>_<column>_fkey`: an id in the body is not the owner's. */
const reference = (constraint: string) =>
  referenceNotFound(/(aide|conversation|parent|message)_id_fkey$/.exec(constraint)?.[1] ?? 'reference');
