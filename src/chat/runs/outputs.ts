import type { UIMessageChunk } from 'ai';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import { errorOf } from './model-messages.js';

/** The outcome of a finished call, as the stream shows it. */
export function outputOf({ id: toolCallId, status, result }: ToolCall): UIMessageChunk {
  if (status === 'denied') return { type: 'tool-output-denied', toolCallId };
  if (status === 'success') return { type: 'tool-output-available', toolCallId, output: result };
  return { type: 'tool-output-error', toolCallId, errorText: errorOf(result) };
}
