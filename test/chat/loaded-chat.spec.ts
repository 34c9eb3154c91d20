import type { UIMessage } from 'ai';
import { originOf } from '../support/app.js';
import { Chat, type Person } from '../support/chat.js';
import { expectProblem } from '../support/expectations.js';
import { makeAide, makeConversation, makeMessage, makeTask } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { HttpTransport, isOver, Page } from '../support/page.js';

/** A chat that is loaded again is what the client had, and goes on as if it had never been closed. */

let chat: Chat;
let person: Person;
const pages: Page[] = [];

beforeAll(async () => {
  chat = await Chat.start();
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.dispose();
});
afterAll(() => chat.stop());

const load = async (id: string) =>
  (await person.client.get<{ messages: UIMessage[] }>(`/api/chat/${id}`)).body.messages;

function open(id: string, messages: UIMessage[] = []): Page {
  const page = new Page(id, new HttpTransport(originOf(chat.apps[0]!), person.token), { messages });
  pages.push(page);
  return page;
}

/** As it is sent: without what is undefined. */
const plain = (page: Page) => JSON.parse(JSON.stringify(page.messages)) as UIMessage[];

test('H2: texts, calls and their outcomes are those that the client has seen', async () => {
  const { id } = await makeConversation(person.client);
  const page = open(id);
  chat.model.script(
    (answer) => {
      answer.text('I add two.');
      answer.call('add_task', ['{"title":"Buy milk"}'], 0);
      answer.call('no_such_tool', ['{}'], 1);
      answer.finish('tool_calls');
    },
    says('Done, but for one.'),
    says('You are welcome.'),
  );
  await page.sendMessage({ text: 'Buy milk' });
  await page.sendMessage({ text: 'Thank you' });
  expect(page.errors).toEqual([]);
  expect(page.messages[1]!.parts.map(({ type }) => type)).toEqual([
    'step-start',
    'text',
    'tool-add_task',
    'tool-no_such_tool',
    'step-start',
    'text',
  ]);
  expect(await load(id)).toEqual(plain(page));
});

test('H2, H4: a turn that waits is read with its stream, and goes on', async () => {
  const { id: aideId } = await makeAide(person.client, { toolApproval: 'destructive' });
  const { id } = await makeConversation(person.client, { aideId });
  const task = await makeTask(person.client);
  const page = open(id);
  chat.model.script(says('Hello'), calls('delete_task', { id: task.id }), says('As you like.'));
  await page.sendMessage({ text: 'Hi' });
  await page.sendMessage({ text: 'Delete it' });
  expect(page.tools).toMatchObject([{ state: 'approval-requested' }]);
  const loaded = await load(id);
  expect(loaded).toEqual(plain(page).slice(0, -1));

  const again = open(id, loaded);
  await again.resumeStream();
  expect(plain(again)).toEqual(plain(page));
  const { approval } = again.tools[0] as { approval: { id: string } };
  await again.addToolApprovalResponse({ id: approval.id, approved: false, reason: 'I need it' });
  await again.until((one) => isOver(one) && one.text === 'As you like.');
  expect((await load(id)).at(-1)).toMatchObject({
    id: again.last.id,
    parts: [
      { type: 'step-start' },
      {
        type: 'tool-delete_task',
        state: 'output-denied',
        input: { id: task.id },
        approval: { approved: false, reason: 'I need it' },
      },
      { type: 'step-start' },
      { type: 'text', text: 'As you like.', state: 'done' },
    ],
  });
});

test('H2: messages of no turn have ids of their own, and the last one can be answered', async () => {
  const conversation = await makeConversation(person.client);
  const system = await makeMessage(person.client, conversation, { role: 'system', content: 'Be brief.' });
  const asked = await makeMessage(person.client, conversation, { role: 'user', content: 'Hi' });
  const loaded = await load(conversation.id);
  expect(loaded).toEqual([
    { id: system.id, role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
    { id: asked.id, role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
  ]);
  const page = open(conversation.id, loaded);
  chat.model.script(says('Hello'));
  await page.regenerate();
  expect([page.errors, page.text]).toEqual([[], 'Hello']);
  expect(await load(conversation.id)).toEqual(plain(page));
});

test('H2: of others, and in the bin, there is no chat', async () => {
  const { id } = await makeConversation(person.client);
  expect(await load(id)).toEqual([]);
  const stranger = await chat.newcomer();
  expectProblem(await stranger.client.get(`/api/chat/${id}`), 404, 'not_found');
  await person.client.delete(`/v1/conversations/${id}`);
  expectProblem(await person.client.get(`/api/chat/${id}`), 404, 'not_found');
});
