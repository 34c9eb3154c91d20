import { resultOf } from './client.ts';
import { deleteTask, erase } from './removals.ts';
import { exactly, filler, type Maker, perhapsKeyed, unlessMoved } from './step.ts';

const MOST_TASKS = 40;
const MOST_CONVERSATIONS = 8;
const LONGEST_BATCH = 20;

/** Past the most that an owner keeps, one goes instead: the volume of the data stays what it is. */
export const createTask: Maker = (context) => {
  const { owner, random } = context;
  if (owner.pools.tasks.length >= MOST_TASKS) return deleteTask(context);
  const task = owner.plan('tasks');
  return {
    call: 'POST /v1/tasks',
    body: { title: `${task.note}buy milk`, description: owner.mark + filler(random), priority: 'high' },
    ...perhapsKeyed(random),
    expects: exactly(201),
    shows: task.note,
    settle: (outcome) => owner.made(task, outcome),
  };
};

export const createConversation: Maker = (context) => {
  const { owner, random } = context;
  if (owner.pools.conversations.length >= MOST_CONVERSATIONS) return erase(context);
  const conversation = owner.plan('conversations');
  const first = random.chance(0.5) ? owner.plan('messages', { parent: conversation }) : undefined;
  const message = first && { firstMessage: { role: 'user', content: first.note + filler(random) } };
  return {
    call: 'POST /v1/conversations',
    body: { title: `${conversation.note}trip`, metadata: { mark: owner.mark }, ...message },
    ...perhapsKeyed(random),
    expects: exactly(201),
    shows: conversation.note,
    settle: (outcome) => {
      owner.made(conversation, outcome);
      if (first) first.row = conversation.row;
    },
  };
};

export const append: Maker = ({ owner, random }) => {
  const parent = owner.pick('conversations', random);
  if (!parent) return undefined;
  const message = owner.plan('messages', { parent });
  return {
    call: `POST /v1/conversations/${parent.id}/messages`,
    body: {
      role: 'assistant',
      content: message.note + filler(random),
      ...(random.chance(0.3) && { toolCalls: [{ toolName: 'add_task', parameters: { mark: owner.mark } }] }),
    },
    ...perhapsKeyed(random),
    expects: unlessMoved(parent, 201),
    shows: message.note,
    settle: (outcome) => owner.made(message, outcome),
  };
};

export const appendBatch: Maker = ({ owner, random }) => {
  const parent = owner.pick('conversations', random);
  if (!parent) return undefined;
  const copies = 2 + random.below(LONGEST_BATCH - 1);
  const batch = owner.plan('messages', { parent, copies });
  const messages = Array.from({ length: copies }, () => ({
    role: 'user',
    content: batch.note + filler(random),
  }));
  return {
    call: `POST /v1/conversations/${parent.id}/messages/batch`,
    body: { messages },
    ...perhapsKeyed(random),
    expects: unlessMoved(parent, 201),
    shows: batch.note,
    settle: (outcome) => owner.made(batch, outcome),
  };
};

/** Without If-Match, with the newest version that was seen, or with one that never was. */
export const patchTask: Maker = ({ owner, random }) => {
  const task = owner.pick('tasks', random);
  if (!task) return undefined;
  const version = random.pick([undefined, undefined, task.version, 999_999]);
  const statuses = version === undefined ? [200] : version === task.version ? [200, 412] : [412];
  return {
    call: `PATCH /v1/tasks/${task.id}`,
    body: { description: owner.mark + filler(random) },
    ...(version && { headers: { 'if-match': `"${version}"` } }),
    expects: unlessMoved(task, ...statuses),
    shows: task.note,
    settle: (outcome) => {
      const result = resultOf(outcome);
      if (result !== 'refused') task.changes[result] += 1;
      task.version = Math.max(task.version, Number(outcome.body?.version ?? 0));
    },
  };
};

export const patchConversation: Maker = ({ owner, random }) => {
  const conversation = owner.pick('conversations', random);
  return (
    conversation && {
      call: `PATCH /v1/conversations/${conversation.id}`,
      body: { metadata: { [`key${random.below(5)}`]: owner.mark } },
      expects: unlessMoved(conversation, 200),
      shows: conversation.note,
    }
  );
};
