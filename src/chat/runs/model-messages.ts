import type { JSONValue, ModelMessage, ToolResultPart } from 'ai';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import type { Said } from './history.service.js';

/** Messages as a model takes them. Every call has a result: one that was never finished has that for one. */
export const toModelMessages = (said: Said[]): ModelMessage[] => said.flatMap(modelMessages);

function modelMessages({ role, content, calls }: Said): ModelMessage[] {
  if (role === 'system') return [];
  if (role === 'user') return [{ role, content }];
  if (calls.length === 0) return [{ role, content }];
  return [
    {
      role,
      content: [
        ...(content ? [{ type: 'text' as const, text: content }] : []),
        ...calls.map(({ id, toolName, parameters }) => ({
          type: 'tool-call' as const,
          toolCallId: id,
          toolName,
          input: parameters,
        })),
      ],
    },
    {
      role: 'tool',
      content: calls.map((call) => ({
        type: 'tool-result',
        toolCallId: call.id,
        toolName: call.toolName,
        output: outputOf(call),
      })),
    },
  ];
}

function outputOf({ status, result }: ToolCall): ToolResultPart['output'] {
  if (status === 'success') return { type: 'json', value: result as JSONValue };
  if (status === 'denied') return { type: 'execution-denied', reason: reasonOf(result) };
  return { type: 'error-text', value: status === 'pending' ? 'It has no result.' : errorOf(result) };
}

/** Why a call has failed, in the words that were stored. */
export function errorOf(result: unknown): string {
  const { error } = Object(result) as { error?: unknown };
  return typeof error === 'string' ? error : JSON.stringify(result ?? 'The tool has failed.');
}

/** Why a call was not allowed, where the owner has said so. */
export function reasonOf(result: unknown): string | undefined {
  const { reason } = Object(result) as { reason?: unknown };
  return typeof reason === 'string' ? reason : undefined;
}
