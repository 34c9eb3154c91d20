import { randomUUID } from 'node:crypto';
import type { Owner } from './owner.ts';
import { exactly, type Maker, type Step, unlessMoved } from './step.ts';

const SINGLE = ['tasks', 'conversations', 'messages'] as const;

export const get: Maker = ({ owner, random }) => {
  const kind = random.pick(SINGLE);
  const thing = owner.pick(kind, random);
  if (!thing) return undefined;
  const call = `GET /v1/${kind}/${thing.id}`;
  const etag = { 'if-none-match': `"${thing.version}"` };
  if (random.chance(0.25)) return { call, headers: etag, expects: unlessMoved(thing, 200, 304) };
  return { call, expects: unlessMoved(thing, 200), shows: thing.note };
};

/** The first page, or the one behind the page that was read last. */
function page(owner: Owner, path: string, limit: number, expects = exactly(200)): Step {
  const at = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`;
  const cursor = owner.cursors.get(path);
  return {
    call: `GET ${at}${cursor ? `&cursor=${cursor}` : ''}`,
    expects,
    settle: ({ body }) => {
      const next = body?.nextCursor;
      if (typeof next === 'string') owner.cursors.set(path, next);
      else owner.cursors.delete(path);
    },
  };
}

export const listMessages: Maker = ({ owner, random }) => {
  const conversation = owner.pick('conversations', random);
  if (!conversation) return undefined;
  const path = `/v1/conversations/${conversation.id}/messages`;
  const query = random.pick(['', '?order=desc', '?role=user', '?include=toolCalls']);
  return page(owner, path + query, 20, unlessMoved(conversation, 200));
};

const LISTS = [
  '/v1/tasks',
  '/v1/tasks?sort=dueDate&status=open',
  '/v1/conversations',
  '/v1/conversations?deleted=true',
  '/v1/messages',
  '/v1/aides?include=state',
  '/v1/audit-log',
  '/v1/tasks?total=true',
];

export const list: Maker = ({ owner, random }) => page(owner, random.pick(LISTS), random.pick([5, 20, 50]));

export const me: Maker = () => ({ call: 'GET /v1/me', expects: exactly(200) });

export const readPublic: Maker = ({ stranger, random }) => {
  const found = random.chance(0.8);
  return {
    call: `GET /v1/public/aides/${found ? stranger.slug : `slug-${randomUUID()}`}`,
    publisher: stranger,
    expects: exactly(found ? 200 : 404),
    ...(found && { shows: stranger.mark }),
  };
};
