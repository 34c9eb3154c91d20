import type { UIMessageChunk } from 'ai';

export const CUT_OFF = 'The call was cut off, and nothing was done.';

/** What the stream has beyond the last finished step: all that remains of a holder that is gone. */
export interface Unfinished {
  /** The next step has begun. */
  begun: boolean;
  /** What the model has said in it. */
  text: string;
  /** The part of the text that is still open. */
  openText?: string;
  openReasoning: Set<string>;
  /** Calls without an end, by their ids; of the unfinished step, so that they were never recorded. */
  openCalls: Map<string, { toolName: string; available: boolean }>;
  /** Calls of the finished step whose outcome is in the stream. */
  answered: Set<string>;
}

export function unfinishedOf(chunks: UIMessageChunk[]): Unfinished {
  const state = nothingUnfinished();
  for (const chunk of chunks) apply(state, chunk);
  return state;
}

export const nothingUnfinished = (): Unfinished => ({
  begun: false,
  text: '',
  openReasoning: new Set(),
  openCalls: new Map(),
  answered: new Set(),
});

function apply(state: Unfinished, chunk: UIMessageChunk): void {
  switch (chunk.type) {
    case 'start-step':
      state.begun = true;
      break;
    case 'text-start':
      state.openText = chunk.id;
      break;
    case 'text-delta':
      state.text += chunk.delta;
      break;
    case 'text-end':
      state.openText = undefined;
      break;
    case 'reasoning-start':
      state.openReasoning.add(chunk.id);
      break;
    case 'reasoning-end':
      state.openReasoning.delete(chunk.id);
      break;
    case 'tool-input-start':
    case 'tool-input-available':
      if (state.begun)
        state.openCalls.set(chunk.toolCallId, {
          toolName: chunk.toolName,
          available: chunk.type === 'tool-input-available',
        });
      break;
    case 'tool-input-error':
      state.openCalls.delete(chunk.toolCallId);
      break;
    case 'tool-output-available':
    case 'tool-output-error':
    case 'tool-output-denied':
      state.openCalls.delete(chunk.toolCallId);
      state.answered.add(chunk.toolCallId);
      break;
    default:
  }
}

/** What ends the thoughts and calls that were cut off. The text may go on, see {@link Continued}. */
export function* closing({ openReasoning, openCalls }: Unfinished): Generator<UIMessageChunk> {
  for (const id of openReasoning) yield { type: 'reasoning-end', id };
  for (const [toolCallId, { toolName, available }] of openCalls)
    yield available
      ? { type: 'tool-output-error', toolCallId, errorText: CUT_OFF }
      : { type: 'tool-input-error', toolCallId, toolName, input: {}, errorText: CUT_OFF };
}

/** Lets the text that was cut off go on in the same part, where the model goes on with text. */
export class Continued {
  private own: string | undefined;

  constructor(private open: string | undefined) {}

  take(chunk: UIMessageChunk): UIMessageChunk[] {
    if (this.open === undefined) return [chunk];
    if (this.own === undefined && chunk.type !== 'text-start') return [...this.close(), chunk];
    if (chunk.type === 'text-start' && this.own === undefined) {
      this.own = chunk.id;
      return [];
    }
    if ((chunk.type !== 'text-delta' && chunk.type !== 'text-end') || chunk.id !== this.own) return [chunk];
    const id = this.open;
    if (chunk.type === 'text-end') this.open = undefined;
    return [{ ...chunk, id }];
  }

  /** Ends the part, where the model has not. */
  close(): UIMessageChunk[] {
    if (this.open === undefined) return [];
    const id = this.open;
    this.open = undefined;
    return [{ type: 'text-end', id }];
  }
}
