import { Logger } from '@nestjs/common';
import type {
  Experimental_LanguageModelStreamPart as Part,
  JSONSchema7,
  ModelMessage,
  UIMessageChunk,
} from 'ai';
import { CallOutput } from './call-output.js';
import type { LanguageModel } from './language-model.js';
import { modelErrorOf, ModelError, statusOf } from './model-error.js';
import { TextOutput } from './text-output.js';
import { tokens, type Usage } from './usage.js';

export interface StepRequest {
  /** All system text. A message with the role `system` is refused. */
  instructions: string;
  messages: ModelMessage[];
  tools: readonly { name: string; description: string; inputSchema: JSONSchema7 }[];
  /** An answer that was cut off is gone on with. It may have been whole: then there is nothing to add, and that is no error. */
  goesOn?: boolean;
  /** Ends the call of the model. Never a request's: a client that goes away ends nothing. */
  signal: AbortSignal;
}

export interface StepCall {
  /** A UUIDv7, in the chunks too. The model's own id is not kept. */
  id: string;
  /** 1 to 100 characters. */
  toolName: string;
  input: Record<string, unknown>;
  /** Why the call cannot be performed, in words for the model; `input` is then empty. */
  error?: string;
}

export interface StepResult {
  /** At most 100,000 code points; empty only where there are calls. */
  text: string;
  /** At most 50. */
  calls: StepCall[];
  /** Estimated where the model does not say. */
  usage: Usage;
  /** `length` also where we have cut the answer. */
  finishReason: CallEnd['finishReason'];
}

type CallEnd = Extract<Part, { type: 'model-call-end' }>;

export class Model {
  private readonly logger = new Logger(Model.name);

  /**
   * @param longestSilence milliseconds until the first part of an answer, and between two
   */
  constructor(
    private readonly languageModel: LanguageModel,
    readonly standIn: boolean,
    private readonly longestSilence = 60_000,
  ) {}

  get name(): string {
    return this.languageModel.modelId;
  }

  /**
   * One step of the model; no tool is executed. Yields `text-*`, `reasoning-*` and `tool-input-*` chunks and nothing
   * else, and ends what it has started: also before it throws, and then every call with `tool-input-error`.
   * @throws ModelError
   * @throws the signal's reason where it is aborted before the step is whole
   */
  async *step({
    instructions,
    messages,
    tools,
    goesOn = false,
    signal,
  }: StepRequest): AsyncGenerator<UIMessageChunk, StepResult> {
    const texts = new TextOutput();
    const calls = new CallOutput();
    const ended = new AbortController();
    let begun = false;
    let end: CallEnd | undefined;
    let failure: unknown;
    const silence = setTimeout(() => ended.abort(), this.longestSilence);
    const sdk = await import('ai'); // when it is first needed
    const toolSet = Object.fromEntries(
      tools.map(({ name, description, inputSchema }) => [
        name,
        sdk.tool({ description, inputSchema: sdk.jsonSchema(inputSchema) }),
      ]),
    );
    try {
      const { stream } = await sdk.experimental_streamLanguageModelCall({
        model: this.languageModel,
        instructions,
        messages,
        tools: toolSet,
        abortSignal: AbortSignal.any([signal, ended.signal]),
      });
      for await (const part of stream) {
        silence.refresh();
        if (part.type === 'error') throw part.error;
        if (part.type === 'model-call-end') end = part;
        for (const chunk of [...texts.take(part), ...calls.take(part)]) {
          begun = true;
          yield chunk;
        }
        if (texts.full || calls.full) break;
      }
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(silence);
      ended.abort();
    }
    const full = texts.full || calls.full;
    const whole = end !== undefined && failure === undefined && !full;
    yield* texts.close();
    yield* calls.close(whole);

    if (!whole) signal.throwIfAborted();
    if (!whole && !full) throw this.failed(failure, begun);
    if (!texts.text && !calls.begun) {
      if (end?.finishReason === 'content-filter') throw new ModelError('refused');
      if (!goesOn) throw this.failed(new sdk.NoContentGeneratedError(), begun);
    }
    const called = calls.result();
    return {
      text: texts.text,
      calls: called,
      usage: {
        inputTokens: tokens(end?.usage.inputTokens, instructions + JSON.stringify(messages)),
        outputTokens: tokens(end?.usage.outputTokens, texts.text + JSON.stringify(called)),
      },
      finishReason: end && !full ? end.finishReason : 'length',
    };
  }

  private failed(error: unknown, begun: boolean): ModelError {
    const failure = modelErrorOf(error, begun);
    this.logger.warn({
      event: 'model failed',
      code: failure.code,
      status: statusOf(error),
      error,
    });
    return failure;
  }
}
