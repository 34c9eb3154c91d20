import type { UIMessageChunk } from 'ai';
import { addChunk, isLast } from '../../src/chat/runs/chunks.js';
import { closing, Continued, CUT_OFF, unfinishedOf } from '../../src/chat/runs/unfinished.js';

const text = (delta: string, id = 't'): UIMessageChunk => ({ type: 'text-delta', id, delta });
const input = (inputTextDelta: string, toolCallId = 'c'): UIMessageChunk => ({
  type: 'tool-input-delta',
  toolCallId,
  inputTextDelta,
});
const continued = (open: string | undefined, chunks: UIMessageChunk[]) => {
  const state = new Continued(open);
  return [...chunks.flatMap((chunk) => state.take(chunk)), ...state.close()];
};

test('H2: pieces of one text, thought or input become one chunk, and nothing else does', () => {
  const chunks: UIMessageChunk[] = [];
  const reasoning = (delta: string): UIMessageChunk => ({ type: 'reasoning-delta', id: 't', delta });
  for (const chunk of [text('a'), text('b'), reasoning('c'), reasoning('d'), text('e'), text('f', 'u')])
    addChunk(chunks, chunk);
  for (const chunk of [input('{'), input('}'), input('{', 'd'), { type: 'start-step' } as const, text('g')])
    addChunk(chunks, chunk);
  expect(chunks).toEqual([
    text('ab'),
    reasoning('cd'),
    text('e'),
    text('f', 'u'),
    input('{}'),
    input('{', 'd'),
    { type: 'start-step' },
    text('g'),
  ]);
  expect(chunks.some(isLast)).toBe(false);
});

test('H4: what a step has left open is found: its text, thoughts and calls, and which outcomes are told', () => {
  const state = unfinishedOf([
    { type: 'tool-output-available', toolCallId: 'done', output: 1 },
    { type: 'finish-step' },
    { type: 'start-step' },
    { type: 'reasoning-start', id: 'r' },
    { type: 'text-start', id: 't' },
    text('One '),
    text('two'),
    { type: 'tool-input-start', toolCallId: 'a', toolName: 'add_task' },
    { type: 'tool-input-available', toolCallId: 'a', toolName: 'add_task', input: {} },
    { type: 'tool-input-start', toolCallId: 'b', toolName: 'add_task' },
    { type: 'tool-input-start', toolCallId: 'c', toolName: 'add_task' },
    { type: 'tool-input-error', toolCallId: 'c', toolName: 'add_task', input: {}, errorText: 'x' },
  ]);
  expect(state).toMatchObject({ begun: true, text: 'One two', openText: 't', answered: new Set(['done']) });
  expect([...closing(state)]).toEqual([
    { type: 'reasoning-end', id: 'r' },
    { type: 'tool-output-error', toolCallId: 'a', errorText: CUT_OFF },
    { type: 'tool-input-error', toolCallId: 'b', toolName: 'add_task', input: {}, errorText: CUT_OFF },
  ]);
});

test('H2: text that was cut off goes on in its part, or is ended before anything else comes', () => {
  const start: UIMessageChunk = { type: 'text-start', id: 'n' };
  const end = (id: string): UIMessageChunk => ({ type: 'text-end', id });
  const again = [start, text('b', 'n'), end('n')];
  expect(continued('t', again)).toEqual([text('b'), end('t')]);
  expect(continued('t', [...again, ...again])).toEqual([text('b'), end('t'), ...again]);
  expect(continued('t', [start, text('b', 'n')])).toEqual([text('b'), end('t')]);
  const thought: UIMessageChunk = { type: 'reasoning-start', id: 'r' };
  expect(continued('t', [thought, ...again])).toEqual([end('t'), thought, ...again]);
  expect(continued('t', [])).toEqual([end('t')]);
  expect(continued(undefined, again)).toEqual(again);
});
