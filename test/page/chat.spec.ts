import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Browser, Page } from 'playwright-core';
import { originOf } from '../support/app.js';
import { inBrowser, openBrowser } from '../support/browser.js';
import { Chat, paced, type Person } from '../support/chat.js';
import { makeConversation } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { turnOf } from '../support/turns.js';
import { Visit } from '../support/visit.js';

inBrowser('the chat of the page', () => {
  let chat: Chat;
  let app: NestFastifyApplication;
  let browser: Browser;
  let person: Person;
  let visit: Visit;
  let page: Page;

  beforeAll(async () => {
    [chat, browser] = await Promise.all([Chat.start(), openBrowser()]);
    app = chat.apps[0]!;
  });
  afterAll(() => Promise.all([chat.stop(), browser.close()]));

  beforeEach(async () => {
    chat.model.reset();
    person = await chat.newcomer();
    visit = await Visit.to(originOf(app), browser);
    page = visit.page;
    await visit.signIn(person.token);
  });
  afterEach(() => visit.close());

  const open = async (id: string) => {
    await page.locator(`a[href="#${id}"]`).click();
    await page.locator(`a[href="#${id}"][aria-current]`).waitFor();
  };

  const said = () => page.locator('.answer .text').allInnerTexts();

  test('H1, H4: a message is answered as it comes, calls of tools with what came of them, and the task is there', async () => {
    const answer = paced('I have added', ' it.');
    chat.model.script(calls('add_task', { title: 'buy milk', priority: 'high' }), answer.script);
    await visit.send('add task buy milk');
    await visit.shows(/^I have added$/);
    expect(await visit.tool('add_task').innerText()).toMatch(/title: buy milk, priority: high\s+done/);
    await visit.hasTask('buy milk');
    await visit.shows('high priority');
    expect(await page.getByRole('button', { name: 'Send' }).isVisible()).toBe(false);
    answer.rest();
    await visit.shows(/^I have added it\.$/);
    await visit.isReady();
    await visit.tool('add_task').locator('summary').click();
    expect(await page.getByLabel('Input').innerText()).toContain('"title": "buy milk"');
    expect(await page.getByLabel('Outcome').innerText()).toContain('"completed": false');
    expect(visit.complaints).toEqual([]);
  });

  test('H2: what is sent while the conversation is still being read waits for it, and is shown once', async () => {
    chat.model.script(calls('list_tasks', {}), says('First.'), calls('list_tasks', {}), says('Second.'));
    await visit.send('One');
    await visit.shows(/^First\.$/);
    const order: string[] = [];
    const sent = Promise.withResolvers<void>();
    await page.route('**/messages?*', async (route) => {
      await sent.promise;
      order.push('read');
      await route.continue();
    });
    page.on('request', (request) => request.method() === 'POST' && order.push('sent'));
    await page.reload();
    await visit.send('Two');
    await visit.shows(/^Two$/);
    sent.resolve();
    await visit.shows(/^Second\.$/);
    await visit.isReady();
    expect(await page.locator('.asked .text').allInnerTexts()).toEqual(['One', 'Two']);
    expect(await said()).toEqual(['First.', 'Second.']);
    expect(await visit.tool('list_tasks').count()).toBe(2);
    expect(order).toEqual(['read', 'sent']);
  });

  test('H2: what was not sent before one left the conversation is put back where it was written', async () => {
    const { id } = await makeConversation(person.client);
    await page.route('**/messages?*', () => undefined); // it is never read
    await page.goto(`${originOf(app)}/#${id}`);
    await visit.send('One');
    await visit.shows(/^One$/);
    await page.getByRole('link', { name: 'New conversation' }).click();
    await visit.shows('The message was not sent.');
    expect(await page.getByLabel('Message').inputValue()).toBe('One');
    expect(chat.model.requests).toEqual([]);
    await page.goBack();
    for (const keys of ['Enter', 'Shift+Enter']) {
      await page.getByLabel('Message').fill('Two');
      await page.keyboard.press(keys);
      await visit.press('Sign out');
      await visit.signIn((await chat.newcomer()).token);
      expect(await page.getByLabel('Message').inputValue()).toBe(''); // nothing for whoever comes next
    }
  });

  test('H2: reloaded in the middle of an answer, the page shows all of it, once, and goes on', async () => {
    const answer = paced('Half of', ' it, and the other half.');
    chat.model.script((first, request) => {
      first.text('I look.');
      return calls('list_tasks', {})(first, request);
    }, answer.script);
    await visit.send('Tell me');
    await visit.shows(/^Half of$/);
    await page.reload();
    await visit.shows(/^Half of$/);
    expect(await said()).toEqual(['I look.', 'Half of']);
    expect(await visit.tool('list_tasks').count()).toBe(1);
    answer.rest();
    await visit.shows(/^Half of it, and the other half\.$/);
    await visit.isReady();
    await page.reload();
    await visit.shows(/^Half of it, and the other half\.$/);
    expect(await said()).toEqual(['I look.', 'Half of it, and the other half.']);
    expect([await page.locator('.turn').count(), await visit.tool('list_tasks').count()]).toEqual([1, 1]);
    expect(visit.complaints).toEqual([]);
  });

  test('H2: a connection that is lost is told, and the answer goes on where it was', async () => {
    const answer = paced('One,', ' two.');
    chat.model.script(answer.script);
    await visit.send('Count');
    await visit.shows(/^One,$/);
    app.getHttpServer().closeAllConnections();
    await visit.shows(/The connection is lost. Trying again in 1 s/);
    await visit.press('Try now');
    answer.rest();
    await visit.shows(/^One, two\.$/);
    await visit.isReady();
    expect(await said()).toEqual(['One, two.']);
    expect(await page.locator('#line').innerText()).toBe('');
  });

  test('H3: a message whose answer never came is sent again, and is one', async () => {
    await visit.send('First');
    await visit.shows('Nothing more is scripted.');
    await visit.isReady();
    let cut = 0;
    await page.route('**/turns', async (route) => {
      if (cut++ > 0) return route.continue();
      await route.fetch({ headers: { ...route.request().headers(), accept: 'application/json' } });
      await route.abort();
    });
    chat.model.script(says('Heard once.'));
    await visit.send('Second');
    await visit.press('Try now');
    await visit.shows('Heard once.');
    await visit.isReady();
    await page.reload();
    await visit.shows('Heard once.');
    expect(await page.locator('.asked .text').allInnerTexts()).toEqual(['First', 'Second']);
    expect(chat.model.requests).toHaveLength(2);
  });

  test('H2: stop ends the answer, and what was said stays', async () => {
    const answer = paced('So far', ' and further');
    chat.model.script(answer.script);
    await visit.send('Go on');
    await visit.shows(/^So far$/);
    await visit.press('Stop');
    await visit.shows('Stopped.');
    await visit.isReady();
    answer.rest();
    await page.reload();
    await visit.shows(/^So far$/);
    await visit.shows('Stopped.');
    expect(visit.complaints).toEqual([]);
  });

  test('H1: a model that fails is told, now and later', async () => {
    chat.model.script((answer) => answer.refuse(400));
    await visit.send('Hello');
    await visit.shows('The model does not take this request.');
    await visit.isReady();
    await page.reload();
    await visit.shows('This failed: refused.');
    expect(visit.complaints).toEqual([]);
  });

  test('H4: calls that wait are allowed or not, after a reload too, and nothing is done before', async () => {
    const ids: string[] = [];
    for (const title of ['one', 'two', 'three'])
      ids.push((await person.client.post<{ id: string }>('/v1/tasks', { title })).body.id);
    const remove = (i: number) => calls('delete_task', { id: ids[i] });
    await page.getByText('New aide').click();
    await page.getByLabel('Title').fill('Careful');
    await visit.press('Create aide');
    await page.getByRole('button', { name: /^Careful.*asks before it deletes/, pressed: true }).waitFor();
    chat.model.script(remove(0), says('Gone.'));
    await visit.send('delete one');
    await visit.press('Allow');
    await visit.shows('Gone.');
    await page.locator('#tasks', { hasNotText: 'one' }).waitFor();
    await visit.isReady();
    expect(await visit.focused()).toBe('message');

    chat.model.script(remove(1), says('As you like.'));
    await visit.send('delete two');
    await page.getByRole('button', { name: 'Do not allow' }).waitFor();
    await page.reload();
    await visit.press('Do not allow');
    await visit.shows('As you like.');
    await visit.isReady();
    chat.model.script(remove(2), says('Then something else.'));
    await visit.send('delete three');
    await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
    await visit.send('Leave it');
    await visit.shows('Then something else.');
    const outcomes = await page.locator('.tool .state').allInnerTexts();
    expect(outcomes).toEqual(['done', 'not done', 'not done']);
    for (const title of ['two', 'three']) await visit.hasTask(title);
    expect(visit.complaints).toEqual([]);
  });

  test('H3: a turn that goes on elsewhere is told and followed, and what was written is kept', async () => {
    const conversation = await makeConversation(person.client);
    await page.reload();
    await open(conversation.id);
    await visit.isReady();
    const answer = paced('To the', ' other one.');
    chat.model.script(answer.script);
    await turnOf(person.client, conversation, 'from elsewhere');
    await visit.send('from here');
    await visit.shows('The conversation has a turn that is not over.');
    await visit.shows(/^To the$/);
    expect(await page.getByLabel('Message').inputValue()).toBe('from here');
    answer.rest();
    await visit.shows(/^To the other one\.$/);
  });

  test('C2, M4: conversations and messages are read page by page', async () => {
    const conversation = await makeConversation(person.client);
    const messages = Array.from({ length: 100 }, (_, i) => ({ role: 'user', content: `message ${i}.` }));
    for (let i = 0; i < 2; i++)
      await person.client.post(`/v1/conversations/${conversation.id}/messages/batch`, { messages });
    for (let i = 0; i < 31; i++) await makeConversation(person.client);
    await page.reload();
    await page.getByRole('button', { name: 'Show more' }).click();
    await open(conversation.id);
    expect(await page.getByRole('button', { name: 'Show more' }).isVisible()).toBe(false);
    await visit.press('Show earlier messages');
    await page.locator('.asked').nth(199).waitFor();
    expect(await page.locator('.asked .text').allInnerTexts()).toEqual(
      [...messages, ...messages].map(({ content }) => content),
    );
  });
});
