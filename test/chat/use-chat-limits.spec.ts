import { originOf } from '../support/app.js';
import { Chat } from '../support/chat.js';
import { makeConversation } from '../support/factories.js';
import { says } from '../support/model-server.js';
import { HttpTransport, Page } from '../support/page.js';
import { messagesOf } from '../support/turns.js';

/** The real client of the AI SDK, whose owner has asked too much. */

let chat: Chat;

beforeAll(async () => {
  chat = await Chat.start(1);
  await chat.another({ RATE_LIMIT: '5' });
});
afterAll(() => chat.stop());

test('R1: a message beyond the limit is an error that says so, and is neither stored nor answered', async () => {
  const [free, limited] = chat.apps as [(typeof chat.apps)[0], (typeof chat.apps)[0]];
  const person = await chat.newcomer();
  const conversation = await makeConversation(person.client);
  const { client } = await person.on(limited);
  while ((await client.get('/v1/me')).status !== 429);
  const page = new Page(conversation.id, new HttpTransport(originOf(limited), person.token));
  await page.sendMessage({ text: 'Hi' });
  expect([page.status, page.errors.length]).toEqual(['error', 1]);
  expect(JSON.parse(page.errors[0]!.message)).toMatchObject({ status: 429, code: 'rate_limited' });
  expect(await messagesOf(person.client, conversation)).toEqual([]);
  expect(chat.model.requests).toHaveLength(0);

  chat.model.script(says('Hello'));
  const elsewhere = new Page(conversation.id, new HttpTransport(originOf(free), person.token), {
    messages: page.messages,
  });
  await elsewhere.regenerate();
  expect(elsewhere.errors).toHaveLength(1); // the service has no such message
  await elsewhere.sendMessage({ text: 'Hi' });
  expect([elsewhere.status, elsewhere.text]).toEqual(['ready', 'Hello']);
  await Promise.all([page.dispose(), elsewhere.dispose()]);
});
