import { setTimeout as sleep } from 'node:timers/promises';
import type { LanguageModel } from '../language-model.js';
import { type Reply, replyTo } from './reply.js';
import { saidBefore } from './turn.js';

type Part =
  Awaited<ReturnType<LanguageModel['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never;

const LABEL = '\n\n(stand-in model)';
/** Milliseconds between two words, so that one sees them come. */
const PACE = 5;
const FRAGMENT = 16;

const UNCOUNTED = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/** What answers where no model is set: a few sentences are understood, and really call the tools. It keeps nothing. */
export const standIn = (now = () => new Date()): LanguageModel => ({
  specificationVersion: 'v4',
  provider: 'stand-in',
  modelId: 'stand-in',
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error('the stand-in only streams')),
  doStream: ({ prompt, abortSignal }) =>
    Promise.resolve({
      stream: ReadableStream.from(paced(parts(replyTo(prompt, now()), saidBefore(prompt)), abortSignal)),
    }),
});

async function* paced(parts: Iterable<Part>, signal?: AbortSignal): AsyncGenerator<Part> {
  for (const part of parts) {
    await sleep(PACE, undefined, { signal });
    yield part;
  }
}

function* parts(reply: Reply, before: string): Generator<Part> {
  yield { type: 'stream-start', warnings: [] };
  yield* 'text' in reply
    ? said(restOf(reply.text + LABEL, before))
    : called(reply.toolName, JSON.stringify(reply.input));
  const unified = 'text' in reply ? 'stop' : 'tool-calls';
  yield { type: 'finish', finishReason: { unified, raw: unified }, usage: UNCOUNTED };
}

/** An answer without words would be none. */
const restOf = (text: string, before: string) =>
  text.startsWith(before) ? text.slice(before.length) || '\n' : text;

function* said(text: string): Generator<Part> {
  yield { type: 'text-start', id: 'text' };
  for (const delta of text.match(/\s*\S+|\s+$/g) ?? []) yield { type: 'text-delta', id: 'text', delta };
  yield { type: 'text-end', id: 'text' };
}

function* called(toolName: string, input: string): Generator<Part> {
  yield { type: 'tool-input-start', id: 'call', toolName };
  for (let at = 0; at < input.length; at += FRAGMENT)
    yield { type: 'tool-input-delta', id: 'call', delta: input.slice(at, at + FRAGMENT) };
  yield { type: 'tool-input-end', id: 'call' };
  yield { type: 'tool-call', toolCallId: 'call', toolName, input };
}
