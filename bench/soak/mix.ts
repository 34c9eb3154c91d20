import { get, list, listMessages, me, readPublic } from './reads.ts';
import type { Context, Maker, Step } from './step.ts';
import { badBody, refer, trespass } from './trespasses.ts';
import * as removals from './removals.ts';
import * as writes from './writes.ts';

/** How often each kind of request comes, in hundredths. */
const MIX: [share: number, make: Maker][] = [
  [18, writes.append],
  [4, writes.appendBatch],
  [7, writes.createTask],
  [2, writes.createConversation],
  [9, writes.patchTask],
  [3, writes.patchConversation],
  [3, removals.deleteTask],
  [3, removals.deleteMessage],
  [3, removals.bin],
  [3, removals.restore],
  [10, get],
  [10, listMessages],
  [8, list],
  [1, me],
  [4, readPublic],
  [5, trespass],
  [3, refer],
  [4, badBody],
];
const MAKERS = MIX.flatMap(([share, make]) => Array.from({ length: share }, () => make));

/** A random one; of those that the owner has nothing for, another. */
export function nextStep(context: Context): Step {
  for (;;) {
    const step = context.random.pick(MAKERS)(context);
    if (step) return step;
  }
}
