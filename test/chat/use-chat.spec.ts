import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import type { Run } from '../../src/chat/runs/run.entity.js';
import { originOf } from '../support/app.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { makeAide, makeConversation, makeTask } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { type CuttableTransport, HttpTransport, isOver, Page, SocketTransport } from '../support/page.js';
import { ended, messagesOf } from '../support/turns.js';

/** The real client of the AI SDK, over both of its transports, against the running service. */

let chat: Chat;
let person: Person;
let conversation: Conversation;

beforeAll(async () => {
  chat = await Chat.start(2);
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
  conversation = await makeConversation(person.client);
});
afterAll(() => chat.stop());

const TRANSPORTS: Record<string, (app: NestFastifyApplication) => CuttableTransport> = {
  HTTP: (app) => new HttpTransport(originOf(app), person.token),
  'a socket': (app) => new SocketTransport(originOf(app), person),
};

const turns = async () =>
  (await person.client.get<{ data: Run[] }>(`/v1/conversations/${conversation.id}/turns`)).body.data;
const stored = async () =>
  (await messagesOf(person.client, conversation)).map(({ role, content }) => [role, content]);
const titles = async () =>
  (await person.client.get<{ data: { title: string }[] }>('/v1/tasks')).body.data.map(({ title }) => title);
/** A conversation whose destructive tools ask first. */
const careful = async () => {
  const { id: aideId } = await makeAide(person.client, { toolApproval: 'destructive' });
  return makeConversation(person.client, { aideId });
};

describe.each(Object.keys(TRANSPORTS))('over %s', (name) => {
  const open = (app = chat.apps[0]!) => TRANSPORTS[name]!(app);
  const pages: Page[] = [];
  const pageOf = (transport = open()) => {
    const page = new Page(conversation.id, transport);
    pages.push(page);
    return page;
  };
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.dispose();
  });

  test('H2: a message is sent and answered, and the next one knows of it', async () => {
    chat.model.script(says('Hel', 'lo'), says('Again'));
    const page = pageOf();
    await page.sendMessage({ text: 'Hi' });
    expect([page.status, page.text, page.errors]).toEqual(['ready', 'Hello', []]);
    await page.sendMessage({ text: 'And now?' });
    expect([page.status, page.text]).toEqual(['ready', 'Again']);
    expect(await stored()).toEqual([
      ['user', 'Hi'],
      ['assistant', 'Hello'],
      ['user', 'And now?'],
      ['assistant', 'Again'],
    ]);
    expect((await chat.model.request(2)).body.messages.slice(1).map(({ content }) => content)).toEqual([
      'Hi',
      'Hello',
      'And now?',
    ]);
  });

  test('H2: a tool is called, and its result shown', async () => {
    chat.model.script(calls('add_task', { title: 'Buy milk' }), says('Done.'));
    const page = pageOf();
    await page.sendMessage({ text: 'Buy milk' });
    expect(page.tools).toMatchObject([
      { type: 'tool-add_task', state: 'output-available', input: { title: 'Buy milk' } },
    ]);
    expect([page.text, page.errors, await titles()]).toEqual(['Done.', [], ['Buy milk']]);
  });

  test.each([true, false])(
    'H4: a call waits for the decision %s, and what was stored is done',
    async (approved) => {
      conversation = await careful();
      const { id } = await makeTask(person.client);
      chat.model.script(calls('delete_task', { id }), says('As you wish.'));
      const page = pageOf();
      await page.sendMessage({ text: 'Delete it' });
      expect([page.status, page.tools[0]!.state, await titles()]).toEqual([
        'ready',
        'approval-requested',
        ['Buy milk'],
      ]);
      page.tools[0]!.input = { id: '00000000-0000-7000-8000-000000000000' }; // of the client nothing but the decision counts
      await page.addToolApprovalResponse({ id: page.tools[0]!.approval!.id, approved, reason: 'Because.' });
      await page.until((one) => isOver(one) && one.text === 'As you wish.');
      expect(page.tools).toMatchObject([
        { state: approved ? 'output-available' : 'output-denied', input: { id } },
      ]);
      expect([page.errors, await titles()]).toEqual([[], approved ? [] : ['Buy milk']]);
    },
  );

  test('H3: decisions sent twice are one turn', async () => {
    conversation = await careful();
    const { id } = await makeTask(person.client);
    chat.model.script(calls('delete_task', { id }), says('Gone.'));
    const page = pageOf();
    await page.sendMessage({ text: 'Delete it' });
    const transport = open();
    const decided = page.messages.map((message) => ({
      ...message,
      parts: message.parts.map((part) =>
        'approval' in part
          ? {
              ...part,
              state: 'approval-responded',
              approval: { ...(part.approval as object), approved: true },
            }
          : part,
      ),
    })) as Page['messages'];
    const request = {
      chatId: conversation.id,
      messages: decided,
      messageId: page.last.id,
      abortSignal: undefined,
    };
    const answers = [1, 2].map(() => transport.sendMessages({ ...request, trigger: 'submit-message' }));
    for (const answer of await Promise.all(answers))
      for await (const chunk of answer) expect(chunk.type).not.toBe('error');
    expect(await turns()).toHaveLength(2);
    transport.cut();
  });

  test('H2: the last message is answered anew, in the place of the answer before', async () => {
    chat.model.script(says('Heads'), says('Tails'));
    const page = pageOf();
    await page.sendMessage({ text: 'Toss a coin' });
    await page.regenerate();
    expect([page.status, page.text, page.messages.length]).toEqual(['ready', 'Tails', 2]);
    expect(await stored()).toEqual([
      ['user', 'Toss a coin'],
      ['assistant', 'Tails'],
    ]);
  });

  test('H3: asked for twice, another answer is one turn', async () => {
    const { script, rest } = paced('Tails');
    chat.model.script(says('Heads'), script);
    const page = pageOf();
    await page.sendMessage({ text: 'Toss a coin' });
    const transport = open();
    const request = {
      chatId: conversation.id,
      messages: page.messages,
      messageId: undefined,
      abortSignal: undefined,
    };
    const asked = [1, 2].map(() => transport.sendMessages({ ...request, trigger: 'regenerate-message' }));
    const answers = await Promise.all(asked);
    rest();
    for (const answer of answers) for await (const chunk of answer) expect(chunk.type).not.toBe('error');
    expect(await turns()).toHaveLength(2);
    transport.cut();
  });

  test('H2: no earlier message is answered anew', async () => {
    const page = pageOf();
    await page.sendMessage({ text: 'One' });
    await page.sendMessage({ text: 'Two' });
    await page.regenerate({ messageId: page.messages[0]!.id });
    expect(page.errors[0]?.message).toContain(
      'Only the last message of the conversation can be answered anew.',
    );
    expect(await stored()).toHaveLength(4);
  });

  test('H2: a connection that drops in the middle is resumed, without a gap and without saying anything twice', async () => {
    const { script, let: go, rest } = paced('One, ', 'two, ', 'three.');
    chat.model.script(script);
    const page = pageOf();
    const sent = page.sendMessage({ text: 'Count' });
    await page.until(({ text }) => text === 'One, ');
    page.transportUsed.cut();
    await sent;
    expect([page.status, page.text]).toEqual(['error', 'One, ']);
    go(1);
    const resumed = page.resumeStream();
    await page.until(({ text }) => text === 'One, two, ');
    rest();
    await resumed;
    expect([page.status, page.text, page.messages.length]).toEqual(['ready', 'One, two, three.', 2]);
    expect(await turns()).toMatchObject([{ status: 'finished' }]);
  });

  test('H2: a reloaded page goes on elsewhere, also behind a decision', async () => {
    conversation = await careful();
    const { id } = await makeTask(person.client);
    const { script, rest } = paced('It is ', 'gone.');
    chat.model.script(calls('delete_task', { id }), script);
    const page = pageOf();
    await page.sendMessage({ text: 'Delete it' });
    const waiting = pageOf(open(chat.apps[1]));
    await waiting.resumeStream();
    expect(waiting.tools).toMatchObject([{ state: 'approval-requested' }]);
    await waiting.addToolApprovalResponse({ id: waiting.tools[0]!.approval!.id, approved: true });
    await waiting.until(({ text }) => text === 'It is ');
    const reloaded = pageOf();
    const resumed = reloaded.resumeStream();
    await reloaded.until(({ text }) => text === 'It is ');
    rest();
    await resumed;
    expect([reloaded.text, reloaded.errors]).toEqual(['It is gone.', []]);
    expect(reloaded.tools).toMatchObject([{ state: 'output-available', input: { id } }]);
    expect(reloaded.last.parts.filter(({ type }) => type === 'step-start')).toHaveLength(2);
  });

  test('H2: where nothing goes on there is nothing to resume', async () => {
    const page = pageOf();
    await page.resumeStream();
    expect([page.status, page.messages, page.errors]).toEqual(['ready', [], []]);
  });

  test('H2: hanging up stops nothing, and stopping does', async () => {
    const { script, asked, rest } = paced('Once upon ', 'a time');
    chat.model.script(script);
    const page = pageOf();
    void page.sendMessage({ text: 'Tell me' });
    await page.until(({ text }) => text === 'Once upon ');
    await page.stop();
    const [turn] = await turns();
    expect(turn).toMatchObject({ status: 'running', stopRequestedAt: null });
    const stopped = await person.client.post(`/api/chat/${conversation.id}/stop`);
    expect(stopped.status).toBe(204);
    expect(await ended(person.client, turn!)).toMatchObject({ status: 'stopped' });
    await asked;
    rest();
    expect(await stored()).toEqual([
      ['user', 'Tell me'],
      ['assistant', 'Once upon '],
    ]);
    expect((await person.client.post(`/api/chat/${conversation.id}/stop`)).status).toBe(204);
  });

  test('H3: a message sent twice is one turn, and the second answer is whole', async () => {
    const { script, rest } = paced('One ', 'answer');
    chat.model.script(script);
    const [first, second] = [pageOf(), pageOf(open(chat.apps[1]))];
    const parts = [{ type: 'text', text: 'Hi' } as const];
    const sent = [first, second].map((page) =>
      page.sendMessage({ id: 'HGuLpdJVYKNqZJHd', role: 'user', parts }),
    );
    await Promise.all([first, second].map((page) => page.until(({ messages }) => messages.length === 2)));
    rest();
    await Promise.all(sent);
    expect([first.text, second.text]).toEqual(['One answer', 'One answer']);
    expect(await turns()).toHaveLength(1);
    expect(chat.model.requests).toHaveLength(1);
  });

  test('H3: a message that was sent does not become another one', async () => {
    const page = pageOf();
    await page.sendMessage({ text: 'Hi' });
    await page.sendMessage({ text: 'Ho', messageId: page.messages[0]!.id });
    expect(page.errors[0]?.message).toContain('A message that was sent stays as it is');
    expect(await stored()).toHaveLength(2);
  });

  test('H3: while one message is answered, another one is refused with a sentence', async () => {
    const { script, rest } = paced('Wait');
    chat.model.script(script);
    const [first, second] = [pageOf(), pageOf()];
    const sent = first.sendMessage({ text: 'One' });
    await first.until(({ messages }) => messages.length === 2);
    await second.sendMessage({ text: 'Two' });
    expect(second.errors[0]?.message).toContain('The conversation has a turn that is not over.');
    rest();
    await sent;
  });

  test('O8: a chat that is not there, or not mine, says how to make one', async () => {
    const mine = conversation;
    const texts: string[] = [];
    for (const id of [mine.id, '0199a5c0-0000-7000-8000-000000000000']) {
      person = await chat.newcomer();
      conversation = { ...mine, id };
      const page = pageOf();
      await page.sendMessage({ text: 'Hi' });
      texts.push(page.errors[0]!.message.replaceAll(/[0-9a-f-]{36}/g, ''));
    }
    expect(texts[0]).toContain('POST /v1/conversations makes one');
    expect(texts[1]).toBe(texts[0]);
  });
});
