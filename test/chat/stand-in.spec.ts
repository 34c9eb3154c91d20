import type { ModelMessage, UIMessageChunk } from 'ai';
import { Model } from '../../src/chat/model/model.js';
import { standIn } from '../../src/chat/model/stand-in/stand-in.js';
import { messageOf } from '../support/ui-message.js';

/** A Wednesday. */
const NOW = new Date('2026-01-21T12:00:00Z');
const model = new Model(
  standIn(() => NOW),
  true,
);

async function step(messages: ModelMessage[]) {
  const chunks: UIMessageChunk[] = [];
  const { signal } = new AbortController();
  const steps = model.step({ instructions: '', messages, tools: TOOLS, signal });
  for (;;) {
    const next = await steps.next();
    if (next.done) return { chunks, ...next.value };
    chunks.push(next.value);
  }
}

const TOOLS = [
  'add_task',
  'list_tasks',
  'complete_task',
  'delete_task',
  'search_messages',
  'get_aide_state',
].map((name) => ({ name, description: name, inputSchema: { type: 'object' as const } }));

const say = (content: string): ModelMessage => ({ role: 'user', content });

type Output =
  { type: 'json'; value: never } | { type: 'error-text'; value: string } | { type: 'execution-denied' };

let count = 0;

/** A call and its result, as they stand in a history. */
function result(toolName: string, output: Output): ModelMessage[] {
  const toolCallId = `call-${++count}`;
  return [
    { role: 'assistant', content: [{ type: 'tool-call', toolCallId, toolName, input: {} }] },
    { role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] },
  ];
}

const json = (toolName: string, value: unknown) => result(toolName, { type: 'json', value: value as never });

const MILK = { id: '0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d', title: 'Buy milk', dueDate: null };
const CALL = {
  ...MILK,
  id: '0199a5c0-7c1e-7000-8000-000000000001',
  title: 'Call Ada',
  dueDate: '2026-01-23T17:00:00.000Z',
};
const listed = (...tasks: object[]) => json('list_tasks', { tasks, more: false });

test.each([
  ['add task buy milk', { title: 'buy milk' }],
  ['Add a task: buy milk.', { title: 'buy milk' }],
  ['please add a new task to buy milk tomorrow', { title: 'buy milk', dueDate: '2026-01-22T09:00:00.000Z' }],
  ['Remind me to buy milk today', { title: 'buy milk', dueDate: '2026-01-21T09:00:00.000Z' }],
  ['remind me tomorrow at 5pm to buy milk', { title: 'buy milk', dueDate: '2026-01-22T17:00:00.000Z' }],
  ['remind me to call Ada on Friday at 17:30', { title: 'call Ada', dueDate: '2026-01-23T17:30:00.000Z' }],
  ['remind me to call Ada at 9 am on monday', { title: 'call Ada', dueDate: '2026-01-26T09:00:00.000Z' }],
  ['remind me to call Ada on Wednesday', { title: 'call Ada', dueDate: '2026-01-28T09:00:00.000Z' }],
  ['add task file taxes in 3 days', { title: 'file taxes', dueDate: '2026-01-24T09:00:00.000Z' }],
  ['add task file taxes in 2 weeks', { title: 'file taxes', dueDate: '2026-02-04T09:00:00.000Z' }],
  ['remind me to eat at 1pm', { title: 'eat', dueDate: '2026-01-21T13:00:00.000Z' }],
  ['remind me to eat at 8am', { title: 'eat', dueDate: '2026-01-22T08:00:00.000Z' }],
  ['remind me to wake up at 12am', { title: 'wake up', dueDate: '2026-01-22T00:00:00.000Z' }],
  ['add task watch Tomorrow Never Dies', { title: 'watch Tomorrow Never Dies' }],
])('H1: the stand-in takes "%s" for a task', async (sentence, input) => {
  expect(await step([say(sentence)])).toMatchObject({
    text: '',
    calls: [{ toolName: 'add_task', input }],
    finishReason: 'tool-calls',
  });
});

test.each([
  ['What is left?', 'list_tasks', { status: 'open', sort: 'dueDate', limit: 100 }],
  ["what's left", 'list_tasks', { status: 'open' }],
  ['list my tasks', 'list_tasks', { status: 'open' }],
  ['done with buy milk', 'list_tasks', { status: 'open' }],
  ['delete buy milk', 'list_tasks', { limit: 100 }],
  ['find messages about milk', 'search_messages', { query: 'milk' }],
  ['search for "oat milk"', 'search_messages', { query: 'oat milk' }],
  ['What do you know?', 'get_aide_state', {}],
])('H1: the stand-in answers "%s" with %s', async (sentence, toolName, input) => {
  expect((await step([say(sentence)])).calls).toMatchObject([{ toolName, input }]);
});

const LABEL = '\n\n(stand-in model)';

test.each<[string, ModelMessage[], string]>([
  ['add task buy milk', json('add_task', MILK), 'I have added “Buy milk”.'],
  [
    'remind me to call Ada',
    json('add_task', CALL),
    'I have added “Call Ada”, due Friday, 23 January 2026 at 17:00 UTC.',
  ],
  [
    'what is left?',
    listed(MILK, CALL),
    'This is left:\n- “Buy milk”\n- “Call Ada”, due Friday, 23 January 2026 at 17:00 UTC',
  ],
  ['what is left?', listed(), 'Nothing is left.'],
  ['done with tea', listed(MILK), 'There is no task “tea”.'],
  [
    'done with a',
    listed(MILK, CALL, { ...CALL, title: 'Tax' }),
    'Which one do you mean?\n- “Call Ada”, due Friday, 23 January 2026 at 17:00 UTC\n- “Tax”, due Friday, 23 January 2026 at 17:00 UTC',
  ],
  [
    'delete buy milk',
    [...listed(MILK), ...json('delete_task', { id: MILK.id, deleted: true })],
    'Deleted: “buy milk”.',
  ],
  [
    'delete buy milk',
    [...listed(MILK), ...result('delete_task', { type: 'execution-denied' })],
    'That did not work. You did not allow it.',
  ],
  ['find milk', json('search_messages', { messages: [{ excerpt: 'Milk!' }] }), 'I have found:\n- Milk!'],
  ['find milk', json('search_messages', { messages: [] }), 'I have found nothing.'],
  [
    'what do you know?',
    json('get_aide_state', { version: 1, state: { city: 'Lisbon' } }),
    'This is what I know: {"city":"Lisbon"}',
  ],
  [
    'add task x',
    result('add_task', { type: 'error-text', value: 'The title is too long.' }),
    'That did not work. The title is too long.',
  ],
])(
  'H1: to "%s" and what the tools answered, the stand-in answers from that, and says what it is',
  async (sentence, history, text) => {
    const answer = await step([say('what is left?'), ...listed(CALL), say(sentence), ...history]);
    expect(answer).toMatchObject({ calls: [], text: text + LABEL, finishReason: 'stop' });
  },
);

test.each([
  ['done with buy milk', 'complete_task'],
  ['delete MILK', 'delete_task'],
])('H1: "%s" is two calls: the second has the id that the first has found', async (sentence, toolName) => {
  const found = listed({ ...CALL, title: 'Buy milk chocolate' }, MILK);
  const exact = await step([say(sentence.replace('MILK', 'buy milk')), ...found]);
  expect(exact.calls).toMatchObject([{ toolName, input: { id: MILK.id } }]);
  const after = await step([say(sentence), ...found, ...json(toolName, MILK)]);
  expect(after.calls).toEqual([]);
});

test.each(['Hello', 'add task', '', `${'!'.repeat(50_000)} x`, `remind me to ${'a '.repeat(50_000)}`])(
  'H1: what it does not understand is answered with what it does: %#',
  async (sentence) => {
    const { text, calls } = await step([say(sentence)]);
    expect(calls).toEqual([]);
    expect(text).toContain('I follow a few simple sentences');
    expect(text).toContain(LABEL);
  },
);

test('H2: the stand-in speaks word by word, in chunks that a client takes, and says the same again', async () => {
  const messages = [say('what is left?'), ...listed(MILK)];
  const { chunks, text } = await step(messages);
  const deltas = chunks.filter(({ type }) => type === 'text-delta');
  expect(deltas.length).toBeGreaterThan(4);
  expect((await messageOf(chunks)).parts).toMatchObject([{ type: 'text', text, state: 'done' }]);
  expect((await step(messages)).text).toBe(text);

  const call = await step([say('add task buy milk tomorrow')]);
  expect(call.chunks.filter(({ type }) => type === 'tool-input-delta').length).toBeGreaterThan(2);
  expect((await messageOf(call.chunks)).parts).toMatchObject([
    { type: 'tool-add_task', state: 'input-available', input: { title: 'buy milk' } },
  ]);
});

test('H2: the stand-in can be stopped', async () => {
  const stop = new AbortController();
  const steps = model.step({ instructions: '', messages: [say('Hello')], tools: TOOLS, signal: stop.signal });
  await steps.next();
  stop.abort(new Error('stopped'));
  await expect(
    (async () => {
      while (!(await steps.next()).done);
    })(),
  ).rejects.toThrow('stopped');
});
