import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { codeOf, ModelError } from './model-error.js';

/** The SDK's interface of a model. */
export type LanguageModel = ReturnType<ReturnType<typeof createOpenAICompatible>['languageModel']>;

/** Seconds. The SDK waits as long as Retry-After says, up to a minute; an owner who looks on does not. */
const LONGEST_WAIT = 10;

/** A model behind any server that speaks OpenAI's chat completions. */
export const openAiModel = (baseURL: string, apiKey: string | undefined, name: string): LanguageModel =>
  createOpenAICompatible({
    name: 'model',
    baseURL,
    apiKey,
    includeUsage: true,
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (response.ok || waitOf(response) <= LONGEST_WAIT) return response;
      await response.body?.cancel();
      throw new ModelError(codeOf(response.status)); // not tried again
    },
  }).languageModel(name);

/** Seconds from now; NaN, which is no long one, where the header is neither a number nor a date. */
function waitOf({ headers }: Response): number {
  const header = headers.get('retry-after') ?? '0';
  return Number.isNaN(Number(header)) ? (Date.parse(header) - Date.now()) / 1000 : Number(header);
}
