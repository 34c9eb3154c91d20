import { GO_ON } from '../go-on.js';
import type { LanguageModel } from '../language-model.js';

export type Prompt = Parameters<LanguageModel['doStream']>[0]['prompt'];

/** What a tool has answered in this turn: its JSON, or why it failed. */
export interface ToolResult {
  toolName: string;
  value?: unknown;
  failure?: string;
}

/** Of a whole conversation what the answer depends on: the last sentence of the user, and the results since. */
export function turnOf(prompt: Prompt): { sentence: string; results: ToolResult[] } {
  const last = prompt.findLastIndex((message) => message.role === 'user' && textOf(message) !== GO_ON);
  const results = prompt
    .slice(last + 1)
    .flatMap((message) => (message.role === 'tool' ? message.content : []))
    .flatMap((part) =>
      part.type === 'tool-result' ? [{ toolName: part.toolName, ...outcomeOf(part.output) }] : [],
    );
  return { sentence: textOf(prompt[last]), results };
}

/** What was said of the answer before it was cut off; empty where it was not. */
export function saidBefore(prompt: Prompt): string {
  const before = textOf(prompt.at(-1)) === GO_ON ? prompt.at(-2) : undefined;
  if (before?.role !== 'assistant') return '';
  return before.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function textOf(message: Prompt[number] | undefined): string {
  if (message?.role !== 'user') return '';
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
}

type Output = Extract<
  Extract<Prompt[number], { role: 'tool' }>['content'][number],
  { type: 'tool-result' }
>['output'];

function outcomeOf(output: Output): Omit<ToolResult, 'toolName'> {
  switch (output.type) {
    case 'execution-denied':
      return { failure: output.reason ?? 'You did not allow it.' };
    case 'error-text':
      return { failure: output.value };
    case 'error-json':
      return { failure: JSON.stringify(output.value) };
    default:
      return { value: output.value };
  }
}
