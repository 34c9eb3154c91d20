import type { Samples } from '../support/samples.ts';

/** What bounds an operation's cost: how much a row costs, or how much a request does. */
export type Kind = 'read' | 'list' | 'write';

/** A request as the owner of what it asks for, or as nobody. */
export interface LoadRequest {
  owner?: string;
  call: string;
  body?: object;
}

export interface Operation {
  title: string;
  kind: Kind;
  request(samples: Samples): LoadRequest;
}

const MESSAGE = { role: 'user', content: 'When is the best time to visit Lisbon?' };
const TASK = { title: 'Buy milk', priority: 'high' };

/** By the name that `--operations` takes. */
export const OPERATIONS: Record<string, Operation> = {
  'get-message': {
    title: 'get a message',
    kind: 'read',
    request: (samples) => {
      const { owner, id } = samples.pick('messages');
      return { owner, call: `GET /v1/messages/${id}` };
    },
  },
  'list-messages': {
    title: 'list 50 messages',
    kind: 'list',
    request: (samples) => {
      const { owner, id } = samples.pick('conversations');
      return { owner, call: `GET /v1/conversations/${id}/messages?limit=50` };
    },
  },
  'list-conversations': {
    title: 'list 20 conversations',
    kind: 'list',
    request: (samples) => ({ owner: samples.pick('users').owner, call: 'GET /v1/conversations?limit=20' }),
  },
  'list-tasks': {
    title: 'list 50 tasks by due date',
    kind: 'list',
    request: (samples) => ({
      owner: samples.pick('users').owner,
      call: 'GET /v1/tasks?sort=dueDate&limit=50',
    }),
  },
  'published-aide': {
    title: 'get a published aide',
    kind: 'read',
    request: (samples) => ({ call: `GET /v1/public/aides/${samples.pick('published').id}` }),
  },
  'append-message': {
    title: 'append a message',
    kind: 'write',
    request: (samples) => {
      const { owner, id } = samples.pick('conversations');
      return { owner, call: `POST /v1/conversations/${id}/messages`, body: MESSAGE };
    },
  },
  'create-task': {
    title: 'create a task',
    kind: 'write',
    request: (samples) => ({ owner: samples.pick('users').owner, call: 'POST /v1/tasks', body: TASK }),
  },
};
