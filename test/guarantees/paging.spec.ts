import { type Answer, type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeMessage,
  makeSignalMapping,
  makeTask,
  makeToolCall,
  newPhone,
  readPages,
} from '../support/factories.js';

/** Lists that are read page by page while others write. */

let app: Awaited<ReturnType<typeof startApp>>;
let client: ApiClient;

beforeAll(async () => {
  app = await startApp();
  client = await clientOf(app, newOwner());
});
afterAll(() => app.close());

const messagesOf = ({ id }: { id: string }) => `/v1/conversations/${id}/messages`;

/** A list, rows of it that stay as they are, and what others do beside them meanwhile. */
interface Walk {
  path: string;
  make: (i: number) => Promise<{ id: string }>;
  others: ((made: { id: string }) => Promise<Answer<unknown>>)[];
}

const TASKS: Omit<Walk, 'path'> = {
  make: (i) =>
    makeTask(client, {
      priority: ['low', 'medium', 'high'][i % 3],
      dueDate: i % 2 ? `2026-12-0${1 + (i % 7)}T00:00:00Z` : null,
    }),
  others: [
    ({ id }) => client.patch(`/v1/tasks/${id}`, { priority: 'high', dueDate: null }),
    ({ id }) => client.patch(`/v1/tasks/${id}`, { priority: 'low', dueDate: '2026-12-01T00:00:00Z' }),
    ({ id }) => client.delete(`/v1/tasks/${id}`),
  ],
};

async function walks(): Promise<Walk[]> {
  const [conversation, aide] = [await makeConversation(client), await makeAide(client)];
  const message = await makeMessage(client, conversation, { role: 'assistant' });
  const messages: Omit<Walk, 'path'> = {
    make: () => makeMessage(client, conversation),
    others: [({ id }) => client.delete(`/v1/messages/${id}`)],
  };
  return [
    ...['createdAt', 'dueDate', 'priority'].map((sort) => ({ path: `/v1/tasks?sort=${sort}`, ...TASKS })),
    { path: `${messagesOf(conversation)}?order=asc`, ...messages },
    { path: `${messagesOf(conversation)}?order=desc`, ...messages },
    { path: '/v1/messages?role=user', ...messages },
    {
      path: '/v1/conversations?channel=web',
      make: () => makeConversation(client),
      others: [
        ({ id }) => client.post(`/v1/conversations/${id}/touch`),
        (made) => client.post(messagesOf(made), { role: 'user', content: 'Hello' }),
        ({ id }) => client.delete(`/v1/conversations/${id}`),
      ],
    },
    {
      path: `/v1/messages/${message.id}/tool-calls?total=true`,
      make: () => makeToolCall(client, message),
      others: [({ id }) => client.post(`/v1/tool-calls/${id}/finish`, { status: 'success' })],
    },
    {
      path: `/v1/signal-mappings?aideId=${aide.id}`,
      make: () =>
        makeSignalMapping(client, {
          aideId: aide.id,
          conversationId: conversation.id,
          phoneNumber: newPhone(),
        }),
      others: [({ id }) => client.delete(`/v1/signal-mappings/${id}`)],
    },
  ];
}

/** Four writers, each with a bounded number of changes: a list that grows faster than it is read has no last page. */
const write = ({ path, make, others }: Walk, moving: { id: string }[]) =>
  atOnce(4, async (writer) => {
    for (let i = writer; i < 40; i += 4) {
      const answer = await others[i % others.length]!(moving[i % moving.length]!);
      expect([path, answer.status < 500]).toEqual([path, true]);
      moving.push(await make(i));
    }
  });

test('M4, T2, C2: rows that stay as they are stand in a walk through the pages once, whatever others do', async () => {
  for (const walk of await walks()) {
    const kept: string[] = [];
    const moving: { id: string }[] = [];
    for (let i = 0; i < 12; i++) {
      kept.push((await walk.make(i)).id);
      moving.push(await walk.make(i + 1));
    }
    for (const limit of [1, 7]) {
      const [pages] = await Promise.all([
        readPages<{ id: string }>(client, `${walk.path}&limit=${limit}`),
        write(walk, moving),
      ]);
      const seen = Map.groupBy(pages.flat(), ({ id }) => id);
      const times = kept.map((id) => seen.get(id)?.length);
      expect([walk.path, limit, times]).toEqual([walk.path, limit, kept.map(() => 1)]);
    }
  }
}, 120_000);

test('C2: a row that is changed during a walk stands at the front, before every row that is known', async () => {
  const owner = await clientOf(app, newOwner());
  const made = [await makeConversation(owner), await makeConversation(owner), await makeConversation(owner)];
  const list = (query: string) =>
    owner.get<{ data: { id: string }[]; nextCursor: string }>(`/v1/conversations?${query}`);
  const first = (await list('limit=1')).body;
  await owner.post(`/v1/conversations/${made[0]!.id}/touch`);
  const rest = (await list(`cursor=${first.nextCursor}`)).body;
  expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual([made[2]!.id, made[1]!.id]);
  expect((await list('limit=1')).body.data).toMatchObject([{ id: made[0]!.id, version: 2 }]);
});
