import type { AideEvent } from '../../src/aides/aide-event.entity.js';
import type { Aide } from '../../src/aides/aide.entity.js';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import type { Message } from '../../src/messages/message.entity.js';
import type { ClaimedMapping } from '../../src/signal-mappings/signal-mapping.dto.js';
import type { Task } from '../../src/tasks/task.entity.js';
import type { ToolCall } from '../../src/tool-calls/tool-call.entity.js';
import type { Answer, ApiClient } from './app.js';

type Fields = Record<string, unknown>;

async function made<Row>(answer: Promise<Answer<Row>>): Promise<Row> {
  const { status, body, text } = await answer;
  if (status !== 201) throw new Error(`not made: ${status} ${text}`);
  return body;
}

export const makeAide = (client: ApiClient, fields: Fields = {}) =>
  made(client.post<Aide>('/v1/aides', { title: 'Travel planner', ...fields }));

/** Appends to an aide that is at the version before. */
export const makeEvent = (
  client: ApiClient,
  { id }: Pick<Aide, 'id'>,
  version: number,
  operations: object[] = [{ op: 'add', path: '/count', value: version }],
) =>
  made(
    client.post<AideEvent>(`/v1/aides/${id}/events`, {
      type: 'counted',
      operations,
      expectedVersion: version - 1,
    }),
  );

export const makeConversation = (client: ApiClient, fields: Fields = {}) =>
  made(client.post<Conversation>('/v1/conversations', fields));

export const makeMessage = (client: ApiClient, { id }: Conversation, fields: Fields = {}) =>
  made(
    client.post<Message>(`/v1/conversations/${id}/messages`, { role: 'user', content: 'Hello', ...fields }),
  );

export const makeTask = (client: ApiClient, fields: Fields = {}) =>
  made(client.post<Task>('/v1/tasks', { title: 'Buy milk', ...fields }));

export const makeToolCall = (client: ApiClient, { id }: Message, fields: Fields = {}) =>
  made(client.post<ToolCall>(`/v1/messages/${id}/tool-calls`, { toolName: 'add_task', ...fields }));

export async function makeSignalMapping(client: ApiClient, fields: Fields = {}): Promise<ClaimedMapping> {
  const aideId = fields.aideId ?? (await makeAide(client)).id;
  const conversationId = fields.conversationId ?? (await makeConversation(client)).id;
  const mapping = { phoneNumber: newPhone(), aideId, conversationId, ...fields };
  return made(client.post<ClaimedMapping>('/v1/signal-mappings', mapping));
}

let count = 0;

/** A phone number that no other mapping of the worker's database has. */
export const newPhone = () => `+49151${String(++count).padStart(8, '0')}`;

/** A slug that no other aide of the worker's database has. */
export const newSlug = () => `slug-${++count}`;

/** `work(0)`, `work(1)` … started together. */
export const atOnce = <T>(times: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, i) => work(i)));

/** Every page of a list, from the first to the last. */
export async function readPages<Row>(client: ApiClient, path: string): Promise<Row[][]> {
  const pages: Row[][] = [];
  let cursor: string | null = null;
  do {
    const next: string = cursor === null ? '' : `${path.includes('?') ? '&' : '?'}cursor=${cursor}`;
    const { status, body, text } = await client.get<{ data: Row[]; nextCursor: string | null }>(path + next);
    if (status !== 200) throw new Error(`no page: ${status} ${text}`);
    pages.push(body.data);
    cursor = body.nextCursor;
  } while (cursor !== null);
  return pages;
}
