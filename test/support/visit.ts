import type { Browser, Locator, Page } from 'playwright-core';
import { openTab } from './browser.js';

/** A visit of the page, in a tab of its own, and what a person does there. */
export class Visit {
  private constructor(
    readonly page: Page,
    /** What the console says that it should not. */
    readonly complaints: string[],
  ) {}

  static async to(
    origin: string,
    browser: Browser,
    settings?: Parameters<typeof openTab>[1],
  ): Promise<Visit> {
    const { page, complaints } = await openTab(browser, settings);
    await page.goto(origin);
    return new Visit(page, complaints);
  }

  signIn = async (token: string): Promise<void> => {
    await this.page.getByLabel('Use a token').fill(token);
    await this.page.keyboard.press('Enter');
    await this.page.getByLabel('Message').waitFor();
  };

  send = async (text: string): Promise<void> => {
    await this.page.getByLabel('Message').fill(text);
    await this.page.keyboard.press('Enter');
  };

  press = (name: string) => this.page.getByRole('button', { name, exact: true }).click();

  /** Resolves when it is to be seen. */
  shows = (text: string | RegExp) => this.page.getByText(text).first().waitFor();

  /** Resolves when nothing is being answered. */
  isReady = () => this.page.getByRole('button', { name: 'Send' }).waitFor();

  tool = (name: string): Locator => this.page.locator('.tool', { hasText: name });

  hasTask = (title: string) => this.page.locator('#tasks').getByText(title).first().waitFor();

  /** The id of the element that has the focus. */
  focused = () => this.page.evaluate<string>('document.activeElement.id');

  close = () => this.page.context().close();
}
