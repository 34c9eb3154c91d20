import type { Samples } from './samples.ts';

/** A request, as the owner of what it asks for, or as nobody. */
export interface Read {
  owner?: string;
  call: string;
}

const INSTANT = '2026-06-01T00:00:00Z';
const ROLES = ['user', 'assistant', 'system'];
const STATUSES = ['draft', 'published', 'archived'];
const TASK_SORTS = ['createdAt', 'dueDate', 'priority'];
const TASK_FILTERS = [
  '',
  'status=open',
  'status=completed',
  'status=all',
  'priority=high',
  'priority=medium',
  'priority=low',
  `dueBefore=${INSTANT}`,
  `dueAfter=${INSTANT}`,
];

/** Below an aide with 250 events. */
const LOG = [
  '/events/150',
  '/state',
  '/state?version=199',
  '/diff',
  '/diff?from=50&to=199',
  '/verify',
  '/events/stream?after=0',
];

/** One thing by its id, each kind, at random. */
export function singleReads(samples: Samples): Read[] {
  const one = (name: Parameters<Samples['pick']>[0], path: string, rest = ''): Read => {
    const { owner, id } = samples.pick(name);
    return { owner, call: `GET ${path}/${id}${rest}` };
  };
  const { owner, aide } = samples.pick('conversations');
  const { owner: called } = samples.pick('calls');
  return [
    { owner, call: 'GET /v1/me' },
    one('aides', '/v1/aides'),
    { owner, call: 'GET /v1/aides/count' },
    { call: one('published', '/v1/public/aides').call },
    { call: one('published', '/a').call },
    one('conversations', '/v1/conversations'),
    { owner, call: `GET /v1/conversations/latest?aideId=${aide}` },
    one('messages', '/v1/messages'),
    one('tasks', '/v1/tasks'),
    one('calls', '/v1/tool-calls'),
    one('mappings', '/v1/signal-mappings'),
    ...STATUSES.map((status) => ({ owner, call: `GET /v1/aides/count?status=${status}` })),
    one('aides', '/v1/aides', '?include=state'),
    one('messages', '/v1/messages', '?include=toolCalls'),
    ...LOG.map((rest) => one('logged', '/v1/aides', rest)),
    { owner: called, call: 'GET /v1/tool-calls/verify' },
    ...turnReads(samples),
  ];
}

function turnReads(samples: Samples): Read[] {
  const { owner, id, conversation } = samples.pick('turns');
  const turn = `/v1/conversations/${conversation}/turns/${id}`;
  const chat = `/api/chat/${conversation}`;
  return [turn, `${turn}/stream`, chat, `${chat}/stream`].map((path) => ({ owner, call: `GET ${path}` }));
}

const variants = (owner: string, path: string, queries: string[]): Read[] =>
  ['', ...queries].map((query) => ({ owner, call: `GET ${path}${query && `?${query}`}` }));

/** Every list with each of its filters and sorts, at random. */
export function listReads(samples: Samples): Read[] {
  const { owner, id, aide } = samples.pick('conversations');
  const published = samples.pick('published');
  const call = samples.pick('calls');
  const turn = samples.pick('turns');
  const mapping = samples.pick('numbers');
  const logged = samples.pick('logged');
  const roles = ROLES.map((role) => `role=${role}`);
  const tasks = TASK_SORTS.flatMap((sort) =>
    TASK_FILTERS.map((filter) => [`sort=${sort}`, filter].filter(Boolean).join('&')),
  );
  return [
    ...variants(samples.pick('aides').owner, '/v1/aides', [
      ...STATUSES.map((status) => `status=${status}`),
      'include=state',
      'total=true',
    ]),
    ...variants(published.owner, `/v1/aides/${published.aide}/publications`, ['total=true']),
    ...variants(logged.owner, `/v1/aides/${logged.id}/events`, ['order=asc', 'order=desc', 'total=true']),
    ...variants(owner, '/v1/conversations', [
      `aideId=${aide}`,
      'channel=web',
      'channel=signal',
      `aideId=${aide}&channel=web`,
      'deleted=true',
      `deleted=true&aideId=${aide}`,
      'total=true',
    ]),
    ...variants(owner, `/v1/conversations/${id}/messages`, [
      'order=asc',
      'order=desc',
      ...roles,
      'order=desc&role=user',
      'include=toolCalls',
      'total=true',
    ]),
    ...variants(owner, '/v1/messages', [...roles, 'include=toolCalls', 'total=true']),
    ...variants(owner, '/v1/tasks', [...tasks, 'total=true']),
    ...variants(call.owner, `/v1/messages/${call.message}/tool-calls`, ['total=true']),
    ...variants(call.owner, `/v1/conversations/${call.conversation}/tool-calls`, ['total=true']),
    ...variants(call.owner, '/v1/tool-calls/chain', ['total=true']),
    ...variants(turn.owner, `/v1/conversations/${turn.conversation}/turns`, ['total=true']),
    ...variants(mapping.owner, '/v1/signal-mappings', [`aideId=${mapping.aide}`, 'total=true']),
    ...variants(owner, '/v1/audit-log', ['total=true']),
  ];
}
