import { type Outcome, resultOf } from './client.ts';
import type { Owner, Pool, Thing } from './owner.ts';
import { exactly, type Maker, type Step, unlessMoved } from './step.ts';

/** A removal takes the thing out of its pool at once; where it was refused, the thing is back. */
function removal(
  owner: Owner,
  pool: Pool,
  thing: Thing,
  call: string,
  settled: (known: 'no' | 'maybe') => void,
): Step {
  owner.take(pool, thing);
  const settle = (outcome: Outcome) => {
    const result = resultOf(outcome);
    if (result === 'refused') owner.put(pool, thing);
    else settled(result === 'done' ? 'no' : 'maybe');
  };
  return { call, expects: unlessMoved(thing, 204), settle };
}

export const deleteTask: Maker = ({ owner, random }) => {
  const task = owner.pick('tasks', random);
  if (!task) return undefined;
  return removal(owner, 'tasks', task, `DELETE /v1/tasks/${task.id}`, (known) => (task.row = known));
};

export const deleteMessage: Maker = ({ owner, random }) => {
  const message = owner.pick('messages', random);
  if (!message) return undefined;
  const call = `DELETE /v1/messages/${message.id}`;
  return removal(owner, 'messages', message, call, (known) => (message.living = known));
};

export const bin: Maker = ({ owner, random }) => {
  const conversation = owner.pick('conversations', random);
  if (!conversation) return undefined;
  const call = `DELETE /v1/conversations/${conversation.id}`;
  return removal(owner, 'conversations', conversation, call, (known) => {
    conversation.living = known;
    if (known === 'no') owner.put('bin', conversation);
  });
};

export const erase: Maker = ({ owner, random }) => {
  const from = owner.pools.bin.length > 0 ? 'bin' : 'conversations';
  const conversation = owner.pick(from, random);
  if (!conversation) return undefined;
  const call = `DELETE /v1/conversations/${conversation.id}?permanent=true&confirm=erase`;
  return removal(owner, from, conversation, call, (known) => {
    conversation.row = known;
    owner.forget(conversation);
  });
};

export const restore: Maker = ({ owner, random }) => {
  const conversation = owner.pick('bin', random);
  if (!conversation) return undefined;
  owner.take('bin', conversation);
  return {
    call: `POST /v1/conversations/${conversation.id}/restore`,
    expects: exactly(200),
    shows: conversation.note,
    settle: (outcome) => {
      const result = resultOf(outcome);
      if (result === 'refused') return owner.put('bin', conversation);
      conversation.living = result === 'done' ? 'yes' : 'maybe';
      if (result === 'done') owner.put('conversations', conversation);
    },
  };
};
