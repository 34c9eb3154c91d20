import { Logger } from '@nestjs/common';
import { createLog } from '../../src/telemetry/log.js';
import { NestLog } from '../../src/telemetry/nest-log.js';
import { ModelServer, type ModelAnswer, refuses, says } from '../support/model-server.js';
import { codeOf, impatient, modelOf, scripted, step } from '../support/model-step.js';
import { messageOf } from '../support/ui-message.js';

let server: ModelServer;

beforeAll(async () => {
  Logger.overrideLogger(false); // failures are logged
  server = await ModelServer.start();
});
afterEach(() => server.reset());
afterAll(() => server.close());

test.each([
  [429, 'rate_limited'],
  [500, 'unavailable'],
  [503, 'unavailable'],
] as const)('H1: after %i it is asked twice more, and then given up', async (status, code) => {
  server.otherwise = refuses(status);
  const outcome = await step(modelOf(server));
  expect(outcome).toMatchObject({ chunks: [], error: { code } });
  expect((outcome.error as Error).message).not.toContain('secret');
  expect(server.requests).toHaveLength(3);

  server.reset();
  server.script(refuses(status), refuses(status), says('Now'));
  expect((await step(modelOf(server))).result!.text).toBe('Now');
});

test.each<[string, number, () => string, string]>([
  ['in seconds', 429, () => '11', 'rate_limited'],
  ['as a date', 503, () => new Date(Date.now() + 60_000).toUTCString(), 'unavailable'],
])('H1: nobody is kept waiting for a long Retry-After %s', async (_, status, retryAfter, code) => {
  expect(codeOf(await scripted(server, refuses(status, retryAfter())))).toBe(code);
  expect(server.requests).toHaveLength(1);
});

test.each([400, 401, 403, 404, 422])('H1: after %i it is not asked again', async (status) => {
  expect(codeOf(await scripted(server, refuses(status)))).toBe('refused');
  expect(server.requests).toHaveLength(1);
});

test('H1: a server that hangs up without a word is asked again', async () => {
  server.script((answer) => answer.cut(), says('Now'));
  expect((await step(modelOf(server))).result!.text).toBe('Now');
  expect(server.requests).toHaveLength(2);
});

test('H1: where nothing listens the model is unavailable', async () => {
  const gone = await ModelServer.start();
  const { url } = gone;
  await gone.close();
  const outcome = await step(impatient(url));
  expect(outcome).toMatchObject({ chunks: [], error: { code: 'unavailable' } });
});

const breaks: [string, (answer: ModelAnswer) => void][] = [
  ['a connection that breaks', (answer) => answer.cut()],
  ['an end without a finish', (answer) => answer.end()],
  ['a chunk that is no JSON', (answer) => answer.raw('data: {"choices"\n\n')],
  ['a chunk of another shape', (answer) => answer.raw('data: {"choices":"none"}\n\n')],
  ['an error of the server', (answer) => answer.raw('data: {"error":{"message":"a secret"}}\n\n')],
  ['silence', () => undefined],
];

test.each(breaks)('H1: %s in the middle leaves what came, and ends what was begun', async (_, breakOff) => {
  const outcome = await scripted(
    server,
    async (answer): Promise<void> => {
      answer.text('Let me');
      answer.call('add_task', ['{"title":', '"a"}']);
      breakOff(answer);
      await answer.closed;
    },
    impatient(server.url),
  );
  expect(codeOf(outcome)).toBe('interrupted');
  expect((outcome.error as Error).message).not.toContain('secret');
  expect((await messageOf(outcome.chunks)).parts).toMatchObject([
    { type: 'text', text: 'Let me', state: 'done' },
    { type: 'tool-add_task', state: 'output-error' },
  ]);
  expect(server.requests).toHaveLength(1); // never again once something was seen
});

test.each(breaks)('H1: %s at the beginning is no answer', async (_, breakOff) => {
  const outcome = await scripted(
    server,
    (answer) => {
      answer.raw(': hello\n\n');
      breakOff(answer);
    },
    impatient(server.url),
  );
  expect(outcome).toMatchObject({ chunks: [], error: { code: 'unavailable' } });
});

test('H1: a server that takes a request and says nothing is given up, and hung up on', async () => {
  let hungUp: Promise<unknown>;
  const outcome = await scripted(
    server,
    (answer) => {
      hungUp = answer.closed;
    },
    impatient(server.url),
  );
  expect(codeOf(outcome)).toBe('unavailable');
  await hungUp!;
});

test.each([
  ['stop', 'unavailable'],
  ['content_filter', 'refused'],
])('H1: an empty answer that ends with %s is an error, not an empty message', async (reason, code) => {
  expect(codeOf(await scripted(server, (answer) => answer.finish(reason)))).toBe(code);
});

test('H1: the log has a failure with its status, and nothing of what the server of the model has said', async () => {
  const lines: string[] = [];
  Logger.overrideLogger(
    new NestLog(createLog({ LOG_LEVEL: 'warn' }, { write: (line) => void lines.push(line) })),
  );
  try {
    await scripted(server, refuses(401));
    await scripted(server, (answer) => answer.raw('data: a secret\n\n'));
  } finally {
    Logger.overrideLogger(false);
  }
  const logged = lines.map((line) => JSON.parse(line) as object);
  expect(logged).toMatchObject([
    { level: 'warn', context: 'Model', event: 'model failed', code: 'refused', status: 401 },
    { level: 'warn', context: 'Model', event: 'model failed', code: 'unavailable' },
  ]);
  expect(lines.join()).not.toMatch(/secret|Hello|sk-test/);
});
