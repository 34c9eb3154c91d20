import { jest } from '@jest/globals';
import { EventStream, type StreamEvent } from '../../src/http/event-stream.js';

const POLL = 5000;

/** A log without an end, and how often it was asked. */
function endless(size: number) {
  const log = { reads: 0 };
  const read = (after: number) => {
    log.reads++;
    const data = { text: 'x'.repeat(size) };
    return Promise.resolve(
      Array.from({ length: 20 }, (_, i): StreamEvent => ({ id: after + 1 + i, name: 'e', data })),
    );
  };
  return { log, stream: new EventStream({ read, after: 0, poll: POLL }) };
}

const quiet = () => new EventStream({ read: () => Promise.resolve([]), after: 0, poll: POLL });
const settled = () => new Promise((done) => setImmediate(done));

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('A3: nothing is read ahead of a client that does not read', async () => {
  const { log, stream } = endless(100_000);
  stream.body.once('readable', () => stream.body.read());
  for (let i = 0; i < 100; i++) await settled();
  expect(log.reads).toBe(1);
  expect(stream.body.readableLength).toBeLessThan(110_000);
  stream.end();
});

test('A3: a stream ends when it is told to, though its client does not read', async () => {
  const { stream } = endless(100_000);
  stream.body.once('readable', () => stream.body.read());
  for (let i = 0; i < 10; i++) await settled();
  const closed = new Promise((done) => stream.body.once('close', done));
  stream.end();
  await closed;
});

test('A3: a stream that nobody wakes looks for itself now and then, and not in between', async () => {
  const log: StreamEvent[] = [];
  let reads = 0;
  const read = (after: number) => {
    reads += 1;
    return Promise.resolve(log.slice(after));
  };
  const stream = new EventStream({ read, after: 0, poll: POLL });
  let text = '';
  stream.body.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await settled();
  log.push({ id: 1, name: 'e', data: {} });
  await jest.advanceTimersByTimeAsync(POLL - 1);
  expect([reads, text]).toEqual([1, 'retry: 2000\n\n']);
  await jest.advanceTimersByTimeAsync(1);
  await settled();
  expect(text).toBe('retry: 2000\n\nid: 1\nevent: e\ndata: {}\n\n');
  await jest.advanceTimersByTimeAsync(POLL - 1);
  expect(reads).toBe(3); // once more behind what was found
  stream.end();
  expect(jest.getTimerCount()).toBe(0);
});

test('A3: a quiet stream has a comment every 15 seconds, and ends when it is told to', async () => {
  const stream = quiet();
  let text = '';
  stream.body.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await settled();
  for (let i = 0; i < 6; i++) await jest.advanceTimersByTimeAsync(POLL);
  await settled();
  expect(text).toBe('retry: 2000\n\n:\n\n:\n\n');
  const ended = new Promise((done) => stream.body.once('end', done));
  stream.end();
  await ended;
});
