import { dueDateOf } from './due-date.js';

/** What the stand-in takes a sentence to ask for. */
export type Wish =
  | { wants: 'add'; title: string; dueDate?: string }
  | { wants: 'complete' | 'delete'; title: string }
  | { wants: 'find'; text: string }
  | { wants: 'list' | 'state' | 'help' };

const ADD = /^(?:add|create|make)(?: an?| the)?(?: new)? task:? (?:to )?(.+)$|^(remind me (?:to )?.+)$/i;
const LIST =
  /^what(?:'s|’s| is) left$|^what do i have to do$|^(?:list|show)(?: me)?(?: all)?(?: my)?(?: open)? tasks$/i;
const COMPLETE = /^(?:i(?:'m|’m| am) )?(?:done with|finished|complete|completed) (.+)$/i;
const DELETE = /^(?:delete|remove)(?: the)?(?: task)? (.+)$/i;
const FIND = /^(?:find|search)(?: for)?(?: all| my)?(?: messages)?(?: about| with| for)? (.+)$/i;
const STATE = /^what do you know(?: about me)?$/i;

/** Code units; what is longer is none of the sentences below. */
const LONGEST = 1000;

export function wishOf(sentence: string, now: Date): Wish {
  if (sentence.length > LONGEST) return { wants: 'help' };
  const words = sentence
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replace(/^please /i, '')
    .replace(/[\s.!?]+$/, '');
  const [, task, reminder] = ADD.exec(words) ?? [];
  if (task || reminder) {
    const { what, dueDate } = dueDateOf(task ?? reminder!.replace(/^remind me (?:to )?/i, ''), now);
    return { wants: 'add', title: what, dueDate };
  }
  if (LIST.test(words)) return { wants: 'list' };
  if (STATE.test(words)) return { wants: 'state' };
  const [, done] = COMPLETE.exec(words) ?? [];
  if (done) return { wants: 'complete', title: unquoted(done) };
  const [, gone] = DELETE.exec(words) ?? [];
  if (gone) return { wants: 'delete', title: unquoted(gone) };
  const [, text] = FIND.exec(words) ?? [];
  return text ? { wants: 'find', text: unquoted(text) } : { wants: 'help' };
}

const unquoted = (text: string) => text.replace(/^["'“](.+)["'”]$/, '$1');
