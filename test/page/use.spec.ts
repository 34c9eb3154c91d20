import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Browser } from 'playwright-core';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { originOf } from '../support/app.js';
import { barriers } from '../support/accessibility.js';
import { inBrowser, openBrowser } from '../support/browser.js';
import { Chat, type Person } from '../support/chat.js';
import { startDemo } from '../support/demo.js';
import { HOSTILE } from '../support/hostile-markup.js';
import { calls, says } from '../support/model-server.js';
import { Visit } from '../support/visit.js';

inBrowser('the page, for everyone', () => {
  let chat: Chat;
  let app: NestFastifyApplication;
  let browser: Browser;
  let person: Person;
  let visit: Visit;

  beforeAll(async () => {
    [chat, browser] = await Promise.all([Chat.start(), openBrowser()]);
    app = chat.apps[0]!;
  });
  afterAll(() => Promise.all([chat.stop(), browser.close()]));

  beforeEach(async () => {
    chat.model.reset();
    person = await chat.newcomer();
    visit = await Visit.to(originOf(app), browser);
  });
  afterEach(() => visit.close());

  test('U1, H1: right after the start, as alice, by its buttons alone; bob sees nothing of it', async () => {
    const demo = await startDemo();
    const { page, press, shows, isReady, complaints, close } = await Visit.to(originOf(demo.app), browser);
    await press('alice');
    await press('add task buy milk tomorrow');
    await shows(/^I have added “buy milk”, due/);
    await page.locator('#tasks', { hasText: /buy milk\s*Due/ }).waitFor();
    await isReady();
    await press('what is left?');
    await shows(/^This is left:/);
    await isReady();
    await press('done with buy milk');
    await shows('Nothing is left to do.');
    await page.locator('#done-tasks').getByText('buy milk').waitFor();
    await page.getByRole('link', { name: /^add task buy milk tomorrow/ }).waitFor();
    await isReady();
    await press('Sign out');
    await press('bob');
    await shows('Nothing is left to do.');
    expect(await page.content()).not.toContain('<p class="title">buy milk</p>');
    expect(await page.locator('#conversations li').count()).toBe(0);
    expect(complaints).toEqual([]);
    await close();
    await demo.stop();
  });

  test('whatever stands in data is text', async () => {
    const hostile = HOSTILE.filter((text) => text.length < 200);
    for (const title of hostile) {
      await person.client.post('/v1/tasks', { title });
      await person.client.post('/v1/conversations', { title });
    }
    await person.client.post('/v1/aides', { title: hostile[0] });
    const all = hostile.join('\n');
    chat.model.script(
      calls('list_tasks', { query: all }),
      calls('add_task', { title: hostile.slice(0, 5).join(' ') }),
      says(all),
    );
    await visit.signIn(person.token);
    await visit.send(all);
    const foreign =
      'script:not([src^="/page/"]), img:not([src^="/page/"]), iframe, body svg, math, style, [onerror], [onload], [onmouseover]';
    for (const again of [false, true]) {
      if (again) await visit.page.reload();
      const answer = visit.page.locator('.answer .text');
      await answer.filter({ hasText: 'line three' }).waitFor();
      await visit.isReady();
      expect(await answer.textContent()).toBe(all);
      expect(await visit.page.locator('.asked .text').textContent()).toBe(all.replaceAll('\r\n', '\n')); // by the field
      expect(await visit.page.locator('.tool .state').allInnerTexts()).toEqual(['failed', 'done']);
      await visit.hasTask(hostile[0]!);
      expect(await visit.page.locator(foreign).count()).toBe(0);
    }
    expect(visit.complaints).toEqual([]);
  });

  test('O3: a token that is not taken, or not any more, leads to where one signs in; none is kept', async () => {
    const { page, shows, press } = visit;
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['Sign in']); // no demo, nobody to choose
    await page.getByLabel('Use a token').fill('no token');
    await press('Sign in');
    await shows(/This is no token/);
    await page.getByLabel('Use a token').fill(`${person.token}x`);
    await press('Sign in');
    await shows(/does not take this token/);
    await visit.signIn(`Bearer ${person.token}`);
    await page.evaluate(`sessionStorage.setItem('session', 'a.b.c')`);
    await visit.send('Hello');
    await shows(/You are signed out/);
    await page.reload();
    await page.getByLabel('Use a token').waitFor();
    const kept = 'localStorage.length + sessionStorage.length + document.cookie.length';
    expect(await page.evaluate(kept)).toBe(0);
  });

  test('R1: too many requests are told, with the time to wait', async () => {
    const limited = await chat.another({ RATE_LIMIT: '3' });
    await visit.page.goto(originOf(limited));
    await visit.signIn(person.token);
    await visit.shows(/Too many requests\. Trying again in \d+ s\./);
  });

  test('O8: a conversation that is not there is told, and a new one can be begun', async () => {
    await visit.signIn(person.token);
    await visit.page.goto(`${originOf(app)}/#0199a5c0-0000-7000-8000-000000000000`);
    await visit.shows('There is no such conversation.');
    await visit.send('Hello');
    await visit.shows('Nothing more is scripted.');
    expect(visit.page.url()).toMatch(/#[0-9a-f-]{36}$/);
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 375],
    ['dark', 375],
  ] as const)(
    'in %s, %i pixels wide, everything has a name, headings are in order, text is legible',
    async (colorScheme, width) => {
      const settings = { colorScheme, viewport: { width, height: 720 } };
      const { page, tool, signIn, send, shows, isReady, press, close } = await Visit.to(
        originOf(app),
        browser,
        settings,
      );
      const isOpen = async () => {
        expect(await barriers(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      };
      await isOpen();
      const { body } = await person.client.post<{ id: string }>('/v1/aides', {
        title: 'Careful',
        toolApproval: 'destructive',
      });
      const task = await person.client.post<{ id: string }>('/v1/tasks', {
        title: 'a'.repeat(255),
        dueDate: '2026-11-27T17:00:00Z',
      });
      const done = await person.client.post<{ id: string }>('/v1/tasks', { title: 'buy milk' });
      await person.client.post(`/v1/tasks/${done.body.id}/complete`);
      const conversation = await person.client.post<{ id: string }>('/v1/conversations', {
        aideId: body.id,
        title: 'b'.repeat(255),
      });
      await signIn(person.token);
      await isOpen();
      await page.goto(`${originOf(app)}/#${conversation.body.id}`);
      await page.reload();
      chat.model.script(calls('add_task', { title: 7 }), calls('delete_task', { id: task.body.id }));
      await send('c'.repeat(1000));
      await shows('May the assistant do this?');
      await isReady();
      for (const pane of width < 800 ? ['Conversations', 'Tasks', 'Chat'] : []) {
        await press(pane);
        await isOpen();
      }
      await tool('add_task').locator('summary').click();
      await isOpen();
      await close();
    },
  );

  test('it is used by keyboard alone, focus is never lost, and what happens is told in words', async () => {
    const { page, focused, send, shows, isReady } = visit;
    const told = () => page.locator('#said').textContent();
    chat.model.script(calls('list_tasks', {}), says('Hello.', ' You.'));
    await visit.signIn(person.token);
    expect(await focused()).toBe('message');
    await send('Hi');
    await shows(/^Hello\. You\.$/);
    await isReady();
    expect([await focused(), await told()]).toEqual(['message', 'Hello. You.']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter'); // the last suggestion
    await shows('Nothing more is scripted.');
    expect(await focused()).toBe('message');
    const made = await person.client.get<{ data: Conversation[] }>('/v1/conversations');
    expect(made.body.data.map(({ title }) => title)).toEqual(['Hi']);
    await page.getByRole('link', { name: 'New conversation' }).press('Enter');
    expect(await focused()).toBe('message');
    await page.goBack();
    await shows(/^Hello\. You\.$/);
    expect(await focused()).toBe('title');
    await page.getByRole('button', { name: 'Sign out' }).press('Enter');
    expect(await focused()).toBe('entry-title');
    expect(page.url()).toBe(`${originOf(app)}/`);
    expect(await page.content()).not.toContain('Hello.');
  });
});
