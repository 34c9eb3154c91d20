import type { UIMessage } from 'ai';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import type { Said } from '../runs/history.service.js';
import { errorOf, reasonOf } from '../runs/model-messages.js';
import type { Run } from '../runs/run.entity.js';

type Part = UIMessage['parts'][number];

const GOES_ON = new Set<Run['status']>(['queued', 'running', 'waiting']);

/**
 * A conversation as the AI SDK's client has it: what was answered to a message is one message, under the id of its stream. The
 * answer of a turn that goes on or waits is not there: its stream begins it.
 *
 * @param said oldest first
 * @param turns of these messages, oldest first
 */
export function uiMessages(said: Said[], turns: Run[]): UIMessage[] {
  const turnsOf = Map.groupBy(turns, ({ userMessageId }) => userMessageId);
  return [...Map.groupBy(said, ({ place }) => place).values()].flatMap((messages) => {
    const answers = messages.filter(({ role }) => role === 'assistant');
    const asked = messages.filter(({ role }) => role !== 'assistant');
    const begun = asked.flatMap(({ id }) => turnsOf.get(id) ?? []);
    const answer = { id: begun.at(-1)?.answerId ?? answers[0]?.id ?? '', parts: answers.flatMap(stepOf) };
    const goesOn = begun.some(({ status }) => GOES_ON.has(status));
    return [
      ...asked.map((message) => question(message, begun)),
      ...(answers.length === 0 || goesOn ? [] : [{ ...answer, role: 'assistant' as const }]),
    ];
  });
}

function question({ id, role, content: text }: Said, turns: Run[]): UIMessage {
  const clients = turns.find(({ clientMessageId }) => clientMessageId !== null)?.clientMessageId;
  return { id: clients ?? id, role, parts: [{ type: 'text', text }] };
}

function stepOf({ content: text, calls }: Said): Part[] {
  const said: Part[] = text ? [{ type: 'text', text, state: 'done' }] : [];
  return [{ type: 'step-start' }, ...said, ...calls.map(callPart)];
}

function callPart({ id: toolCallId, toolName, parameters: input, status, result }: ToolCall): Part {
  const call = { type: `tool-${toolName}` as const, toolCallId, input };
  if (status === 'success') return { ...call, state: 'output-available', output: result };
  if (status !== 'denied') return { ...call, state: 'output-error', errorText: errorOf(result) };
  const reason = reasonOf(result);
  const approval = { id: toolCallId, approved: false as const, ...(reason && { reason }) };
  return { ...call, state: 'output-denied', approval };
}
