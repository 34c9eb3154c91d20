import type { UIMessageChunk } from 'ai';
import { openAiModel } from '../../src/chat/model/language-model.js';
import type { ModelError } from '../../src/chat/model/model-error.js';
import { Model, type StepRequest, type StepResult } from '../../src/chat/model/model.js';
import type { ModelServer, Script } from './model-server.js';

/** What came of a step: what was yielded, and the result or what was thrown. */
export interface Step {
  chunks: UIMessageChunk[];
  result?: StepResult;
  error?: unknown;
}

/** A greeting, to a model that has one tool. */
export const requestOf = (request: Partial<StepRequest> = {}): StepRequest => ({
  instructions: 'Be brief.',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [{ name: 'add_task', description: 'Adds a task.', inputSchema: { type: 'object', properties: {} } }],
  signal: new AbortController().signal,
  ...request,
});

export async function step(model: Model, request?: Partial<StepRequest>): Promise<Step> {
  const chunks: UIMessageChunk[] = [];
  const steps = model.step(requestOf(request));
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done) return { chunks, result: next.value };
      chunks.push(next.value);
    }
  } catch (error) {
    return { chunks, error };
  }
}

/** The step of a model whose server does this. */
export function scripted(server: ModelServer, script: Script, model = modelOf(server)): Promise<Step> {
  server.script(script);
  return step(model);
}

export const modelOf = (server: ModelServer) =>
  new Model(openAiModel(server.url, 'sk-test', 'test-model'), false);

/** Waits for 50 ms, and asks once. */
export const impatient = (url: string) => new Model(openAiModel(url, undefined, 'test-model', 0), false, 50);

export const codeOf = ({ error }: Step) => (error as ModelError).code;
