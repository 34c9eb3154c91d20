import { types } from 'node:util';

interface ErrorFields {
  type: string;
  code?: string;
  constraint?: string;
  /** Of which each is `at <function> (<file>:<line>:<column>)`, the innermost first. */
  stack?: string[];
}

/**
 * What a log may say of any error: its class, its code (SQLSTATE or Node's), the violated constraint, and where it came
 * from. Never the message, nor PostgreSQL's detail or parameters: each may quote content.
 */
export function errorFields(error: unknown): ErrorFields {
  if (!types.isNativeError(error)) return { type: typeof error };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: error.constructor.name,
    code: name(code),
    constraint: name(constraint),
    stack: frames(error),
  };
}

const name = (value: unknown) => (typeof value === 'string' && /^\w{1,63}$/.test(value) ? value : undefined);

/** The lines behind the message, which may itself have lines that look like theirs; none where it was changed since. */
function frames({ stack = '', message }: Error): string[] {
  const start = stack.indexOf(message);
  const lines = start < 0 ? [] : stack.slice(start + message.length).split('\n');
  return lines.filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line)).map((line) => line.trim());
}
