import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelRequest, Script } from '../../test/support/model-server.ts';

export const BEFORE = 'I will add it to your list, and tell you when that is done.';
export const AFTER = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ');

const PACE = 20; // milliseconds between two words

/**
 * A model that adds one task of the user's words, saying something before and after. Where an answer of it was cut off, it goes
 * on in the middle of the word.
 */
export const addsTask: Script = async (answer, { body: { messages } }) => {
  const performed = messages.some(({ role }) => role === 'tool');
  for (const piece of restOf(performed ? AFTER : BEFORE, messages).match(/\s*\S+/g) ?? []) {
    answer.text(piece);
    await sleep(PACE);
  }
  if (performed) return answer.finish();
  const input = JSON.stringify({ title: messages.find(({ role }) => role === 'user')!.content });
  answer.call('add_task', input.match(/.{1,8}/g)!);
  await sleep(PACE);
  answer.finish('tool_calls');
};

/** What is left to be said: nothing, where all of it was. */
function restOf(text: string, messages: ModelRequest['body']['messages']): string {
  const before = messages.at(-2);
  const wasCutOff = messages.at(-1)!.role === 'user' && before?.role === 'assistant';
  return wasCutOff ? text.slice(String(before.content).length) : text;
}
