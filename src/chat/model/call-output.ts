import type { Experimental_LanguageModelStreamPart as Part, UIMessageChunk } from 'ai';
import { newId } from '../../database/new-id.js';
import { callInput } from './call-input.js';
import { JsonDepth } from './json-depth.js';
import type { StepCall } from './model.js';
import { storableText, TextPieces } from './text.js';

/** Of one message. */
const MAX_CALLS = 50;
/** UTF-16 code units of the arguments of one call: in UTF-8 less than what is stored with a call. */
const MAX_INPUT = 64 * 1024;
/** Levels. What is stored has fewer, and is refused by name; no client parses thousands. */
const MAX_DEPTH = 256;
const MAX_NAME = 100;

const CUT_OFF = 'The call was cut off, and nothing was done.';

interface OpenCall extends StepCall {
  pieces: TextPieces;
  depth: JsonDepth;
  left: number;
}

/** The calls of a step as chunks of a UI message, under ids of ours. A call is only available once the step is whole. */
export class CallOutput {
  /** Something was left out, because there were too many calls, or one was too long or too deep. */
  full = false;
  private readonly calls = new Map<string, OpenCall>();

  get begun(): boolean {
    return this.calls.size > 0;
  }

  take(part: Part): UIMessageChunk[] {
    switch (part.type) {
      case 'tool-input-start':
        return this.start(part.id, part.toolName);
      case 'tool-input-delta':
        return this.extend(part.id, part.delta);
      case 'tool-call':
        this.parsed(part.toolCallId, part);
        return [];
      default:
        return [];
    }
  }

  /** Ends every call: with its input, or with why it cannot be performed. */
  close(whole: boolean): UIMessageChunk[] {
    return [...this.calls.values()].map((call) => {
      if (!whole) Object.assign(call, { input: {}, error: CUT_OFF });
      const { id: toolCallId, toolName, input, error } = call;
      return error === undefined
        ? { type: 'tool-input-available', toolCallId, toolName, input }
        : { type: 'tool-input-error', toolCallId, toolName, input, errorText: error };
    });
  }

  /** After {@link CallOutput.close}. */
  result(): StepCall[] {
    return [...this.calls.values()].map(({ id, toolName, input, error }) => ({ id, toolName, input, error }));
  }

  private start(id: string, name: string): UIMessageChunk[] {
    if (this.calls.size === MAX_CALLS) {
      this.full = true;
      return [];
    }
    const toolName = [...storableText(name)].slice(0, MAX_NAME).join('');
    const call = {
      id: newId(),
      toolName,
      input: {},
      error: CUT_OFF,
      pieces: new TextPieces(),
      depth: new JsonDepth(),
      left: MAX_INPUT,
    };
    this.calls.set(id, call);
    return [{ type: 'tool-input-start', toolCallId: call.id, toolName }];
  }

  private extend(id: string, piece: string): UIMessageChunk[] {
    const call = this.calls.get(id);
    if (!call) return [];
    call.left -= piece.length;
    call.depth.take(piece);
    this.full ||= call.left < 0 || call.depth.deepest > MAX_DEPTH;
    const inputTextDelta = call.pieces.take(piece);
    if (this.full || !inputTextDelta) return [];
    return [{ type: 'tool-input-delta', toolCallId: call.id, inputTextDelta }];
  }

  private parsed(id: string, part: Parameters<typeof callInput>[0]): void {
    const call = this.calls.get(id);
    if (call) Object.assign(call, { error: undefined }, callInput(part));
  }
}
