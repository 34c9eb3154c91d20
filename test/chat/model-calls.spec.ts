import type { ModelMessage } from 'ai';
import { validate } from 'uuid';
import { calls, ModelServer } from '../support/model-server.js';
import { modelOf, scripted, step } from '../support/model-step.js';
import { messageOf } from '../support/ui-message.js';

let server: ModelServer;

beforeAll(async () => {
  server = await ModelServer.start();
});
afterEach(() => server.reset());
afterAll(() => server.close());

test('H1: a call has an id of ours in every chunk and in the result, and goes back to the model under it', async () => {
  const { chunks, result } = await scripted(server, calls('add_task', { title: 'Buy milk' }));
  const call = {
    id: expect.any(String),
    toolName: 'add_task',
    input: { title: 'Buy milk' },
    error: undefined,
  };
  expect(result).toMatchObject({ text: '', calls: [call], finishReason: 'tool-calls' });
  const { id } = result!.calls[0]!;
  expect(validate(id)).toBe(true);
  expect(id[14]).toBe('7');
  expect(chunks.map((chunk) => 'toolCallId' in chunk && chunk.toolCallId)).toEqual(chunks.map(() => id));
  expect((await messageOf(chunks)).parts).toMatchObject([
    { type: 'tool-add_task', toolCallId: id, state: 'input-available', input: { title: 'Buy milk' } },
  ]);

  const messages: ModelMessage[] = [
    { role: 'user', content: 'Hello' },
    {
      role: 'assistant',
      content: [{ type: 'tool-call', toolCallId: id, toolName: 'add_task', input: { title: 'Buy milk' } }],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: id,
          toolName: 'add_task',
          output: { type: 'json', value: { ok: 1 } },
        },
      ],
    },
  ];
  await step(modelOf(server), { messages });
  const { body } = await server.request(2);
  expect(body.messages.at(-2)!.tool_calls).toMatchObject([{ id, function: { name: 'add_task' } }]);
  expect(body.messages.at(-1)).toMatchObject({ role: 'tool', tool_call_id: id, content: '{"ok":1}' });
});

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['arguments that do not parse', 'add_task', '{"title": "a', 'The arguments are not valid JSON.'],
  ['arguments that are no object', 'add_task', '["a"]', 'The arguments must be a JSON object.'],
  ['a key of prototypes', 'add_task', '{"__proto__": {}}', 'The arguments are not valid JSON.'],
  [
    'another key of prototypes',
    'add_task',
    '{"a": {"constructor": 1}}',
    expect.stringContaining('not allowed'),
  ],
  ['a number that is not finite', 'add_task', '{"a": 1e999}', expect.stringContaining('not allowed')],
  ['too many levels', 'add_task', `{"a": ${nested(32)}}`, expect.stringContaining('32 levels')],
  ['an unknown tool', 'drop_tables', '{}', 'There is no tool of this name.'],
  ['a name of prototypes', 'constructor', '{}', 'There is no tool of this name.'],
])('H5: %s make a failed call that a client takes, and no crash', async (_, name, text, error) => {
  const { chunks, result } = await scripted(server, (answer) => {
    answer.call(name, [text]);
    answer.finish('tool_calls');
  });
  expect(result!.calls).toEqual([{ id: expect.any(String), toolName: name, input: {}, error }]);
  const { id, error: errorText } = result!.calls[0]!;
  expect((await messageOf(chunks)).parts).toMatchObject([
    { type: `tool-${name}`, toolCallId: id, state: 'output-error', errorText },
  ]);
});

test('H5: arguments of more levels than a stack has are cut before anybody parses them', async () => {
  const { chunks, result } = await scripted(server, (answer) => {
    answer.call('add_task', ['{"a": "[\\\\[\\"[", "b": ', nested(30_000), '}']);
    answer.finish('tool_calls');
  });
  expect(result).toMatchObject({ finishReason: 'length', calls: [{ error: expect.any(String) }] });
  expect((await messageOf(chunks)).parts).toMatchObject([{ state: 'output-error' }]);
});

test('H5: brackets in strings are no levels', async () => {
  const title = '[{"'.repeat(300);
  expect((await scripted(server, calls('add_task', { title }))).result!.calls).toMatchObject([
    { input: { title }, error: undefined },
  ]);
});

test('H1: no arguments are an empty object, and a name is cut to what is stored', async () => {
  const { result } = await scripted(server, (answer) => {
    answer.call('add_task', []);
    answer.call('😀'.repeat(101), ['{}'], 1);
    answer.finish('tool_calls');
  });
  expect(result!.calls).toMatchObject([
    { input: {}, error: undefined },
    { toolName: '😀'.repeat(100), error: expect.any(String) },
  ]);
});

test('H1: NUL and half characters of arguments become U+FFFD too, in keys and values', async () => {
  const { result } = await scripted(server, (answer) => {
    answer.call('add_task', [String.raw`{"a\u0000":["\ud83d", {"b": "😀\u0000"}]}`]);
    answer.finish('tool_calls');
  });
  expect(result!.calls[0]!.input).toEqual({ 'a\ufffd': ['\ufffd', { b: '😀\ufffd' }] });
});

test('H1: arguments without end, and calls without end, are cut, and no call of the step can be performed', async () => {
  const long = await scripted(server, (answer) => {
    answer.call('add_task', ['{"title":"a"}'], 0);
    answer.call('add_task', ['{"title":"', 'x'.repeat(40_000), 'x'.repeat(40_000)], 1);
  });
  const many = await scripted(server, (answer) => {
    for (let i = 0; i < 60; i++) answer.call('add_task', ['{}'], i);
  });
  for (const [{ chunks, result }, count] of [[long, 2] as const, [many, 50] as const]) {
    expect(result!.finishReason).toBe('length');
    expect(result!.calls).toHaveLength(count);
    expect(result!.calls.every(({ error }) => error === 'The call was cut off, and nothing was done.')).toBe(
      true,
    );
    const { parts } = await messageOf(chunks);
    expect(parts.map((part) => 'state' in part && part.state)).toEqual(parts.map(() => 'output-error'));
  }
});
