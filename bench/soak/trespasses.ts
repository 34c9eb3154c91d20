import type { Pool, Thing } from './owner.ts';
import { exactly, type Maker, perhapsKeyed, type Step, unlessMoved } from './step.ts';

/** What can be tried with an id of another owner's; 404 but where it stands in the body. */
const TRIES: ((id: string, kind: Thing['kind'], mark: string) => Omit<Step, 'expects'>)[] = [
  (id, kind) => ({ call: `GET /v1/${kind}/${id}` }),
  (id, kind) => ({ call: `DELETE /v1/${kind}/${id}` }),
  (id, _, description) => ({ call: `PATCH /v1/tasks/${id}`, body: { description } }),
  (id, _, title) => ({ call: `PATCH /v1/conversations/${id}`, body: { title } }),
  (id) => ({ call: `POST /v1/conversations/${id}/restore` }),
  (id, _, content) => ({ call: `POST /v1/conversations/${id}/messages`, body: { role: 'user', content } }),
  (id) => ({ call: `GET /v1/conversations/${id}/messages` }),
  (id) => ({ call: `GET /v1/messages/${id}/tool-calls` }),
];

const POOLS: Pool[] = ['tasks', 'conversations', 'messages', 'bin'];

/** As one owner, with what is another's: as if it did not exist. */
export const trespass: Maker = ({ owner, stranger, random }) => {
  const [path, cursor] = random.pick([...stranger.cursors, ['', ''] as const]);
  if (path && random.chance(0.3))
    return {
      call: `GET ${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`,
      expects: exactly(400),
    };
  const thing = stranger.pick(random.pick(POOLS), random);
  if (!thing) return undefined;
  return { ...random.pick(TRIES)(thing.id!, thing.kind, owner.mark), expects: exactly(404) };
};

/** Refused in the midst of a transaction: what it has stored so far must go. */
export const refer: Maker = ({ owner, stranger, random }) => {
  const mine = owner.pick('conversations', random);
  const theirs = stranger.pick('messages', random);
  if (!mine || !theirs) return undefined;
  const message = { role: 'user', content: owner.mark };
  const reply = { ...message, parentId: theirs.id };
  const tries: Step[] = [
    { call: `POST /v1/conversations/${mine.id}/messages`, body: reply, expects: unlessMoved(mine, 422) },
    { call: 'POST /v1/conversations', body: { firstMessage: reply }, expects: exactly(422) },
  ];
  return { ...random.pick(tries), ...perhapsKeyed(random) };
};

/** Refused before anything is stored: not JSON, not these fields, not this type, too large. */
const BAD: [body: string, status: number, type?: string][] = [
  ['{"title":', 400],
  ['', 400],
  ['[]', 400],
  ['"title"', 400],
  ['{"title":1}', 400],
  ['{"title":" "}', 400],
  ['{"title":"\\u0000"}', 400],
  ['{"title":"\\ud800"}', 400],
  ['{"title":"a","ownerId":"b"}', 400],
  ['{"title":"a","__proto__":{}}', 400],
  [`{"title":${'['.repeat(40)}${']'.repeat(40)}}`, 400],
  [`{"title":"${'a'.repeat(300_000)}"}`, 413],
  ['title=a', 415, 'application/x-www-form-urlencoded'],
];

export const badBody: Maker = ({ random }) => {
  const [body, status, type = 'application/json'] = random.pick(BAD);
  return { call: 'POST /v1/tasks', body, headers: { 'content-type': type }, expects: exactly(status) };
};
