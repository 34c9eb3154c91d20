import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { patientFetch } from './patient-fetch.js';

/** The SDK's interface of a model. */
export type LanguageModel = ReturnType<ReturnType<typeof createOpenAICompatible>['languageModel']>;

/** A model behind any server that speaks OpenAI's chat completions. */
export const openAiModel = (
  baseURL: string,
  apiKey: string | undefined,
  name: string,
  retries = 2,
): LanguageModel =>
  createOpenAICompatible({
    name: 'model',
    baseURL,
    apiKey,
    includeUsage: true,
    fetch: patientFetch(retries),
  }).languageModel(name);
