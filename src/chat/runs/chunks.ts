import type { UIMessageChunk } from 'ai';

/** Adds a chunk to those that are to be written; a piece of the same text or input becomes one with the piece before. */
export function addChunk(chunks: UIMessageChunk[], chunk: UIMessageChunk): void {
  const last = chunks.at(-1);
  const merged = last && mergedWith(last, chunk);
  if (merged) chunks[chunks.length - 1] = merged;
  else chunks.push(chunk);
}

function mergedWith(last: UIMessageChunk, next: UIMessageChunk): UIMessageChunk | undefined {
  if (last.type === 'tool-input-delta')
    return next.type === last.type && next.toolCallId === last.toolCallId
      ? { ...last, inputTextDelta: last.inputTextDelta + next.inputTextDelta }
      : undefined;
  if (last.type !== 'text-delta' && last.type !== 'reasoning-delta') return undefined;
  if (next.type !== last.type || next.id !== last.id) return undefined;
  return { ...last, delta: last.delta + next.delta };
}

const LAST = new Set(['finish', 'abort', 'error']);

/** Nothing comes behind it: every stream ends with one of these. */
export const isLast = ({ type }: UIMessageChunk) => LAST.has(type);
