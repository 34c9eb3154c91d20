import { say } from './dom.js';

/** @import { TurnView } from './turn-view.js' */

const DENIED = 'It was not allowed.';

/**
 * What a chunk of the stream changes on the page.
 * @type {Record<string, (view: TurnView, chunk: any) => void>}
 */
const CHANGES = {
  'text-start': (view, { id }) => view.begin(id, 'text'),
  'text-delta': (view, { id, delta }) => view.texts.get(id)?.append(delta),
  'reasoning-start': (view, { id }) => view.begin(id, 'thought'),
  'reasoning-delta': (view, { id, delta }) => view.texts.get(id)?.append(delta),
  'tool-input-start': (view, { toolCallId, toolName }) => view.tool(toolCallId, toolName),
  'tool-input-delta': (view, { toolCallId, inputTextDelta }) =>
    view.tools.get(toolCallId)?.takePiece(inputTextDelta),
  'tool-input-available': (view, { toolCallId, toolName, input }) =>
    view.tool(toolCallId, toolName).takeInput(input),
  'tool-input-error': (view, { toolCallId, toolName, input, errorText }) => {
    view.tool(toolCallId, toolName).takeInput(input);
    end(view, toolCallId, 'failed', errorText);
  },
  'tool-output-available': (view, { toolCallId, output }) => end(view, toolCallId, 'done', output),
  'tool-output-error': (view, { toolCallId, errorText }) => end(view, toolCallId, 'failed', errorText),
  'tool-output-denied': (view, { toolCallId }) => end(view, toolCallId, 'denied', DENIED),
  'tool-approval-request': (view, { toolCallId }) => view.ask(toolCallId),
  error: (view, { errorText }) => view.note(errorText, 'note failed'),
  abort: (view) => view.note('Stopped.'),
};

/** @param {TurnView} view @param {string} id @param {'done' | 'failed' | 'denied'} state @param {unknown} outcome */
function end(view, id, state, outcome) {
  const tool = view.tool(id, 'tool');
  tool.end(state, outcome);
  say(`${tool.name}: ${tool.state.textContent}`);
}

/** @param {TurnView} view @param {{ type: string }} chunk */
export const apply = (view, chunk) => CHANGES[chunk.type]?.(view, chunk);

/**
 * An assistant's message as it is kept.
 * @param {TurnView} view
 * @param {{ id: string, content: string, toolCalls?: any[] }} message
 */
export function applyMessage(view, { id, content, toolCalls = [] }) {
  if (content) {
    view.begin(id, 'text');
    view.texts.get(id)?.append(content);
  }
  for (const { id, toolName, parameters, status, result } of toolCalls) {
    const tool = view.tool(id, toolName);
    tool.takeInput(parameters);
    if (status === 'success') tool.end('done', result);
    if (status === 'error') tool.end('failed', result?.error ?? result);
    if (status === 'denied') tool.end('denied', result?.reason ?? DENIED);
  }
}
