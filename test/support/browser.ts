import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where a Chromium is installed, if one is. */
export const CHROMIUM = PLACES.find((path) => existsSync(path));

/** Tests in a browser; without one, a test that says so. */
export const inBrowser: (name: string, tests: () => void) => void = CHROMIUM
  ? describe
  : (name) =>
      test(`NO CHROMIUM IS INSTALLED, so this is not tried: ${name}`, () => {
        console.warn(`Not tried: ${name}. None of these is there: ${PLACES.join(', ')}`);
      });

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });

/** A tab of its own, with what its console says: warnings, errors, and what the page may not do. */
export async function openTab(
  browser: Browser,
  settings: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...settings });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  return { page, complaints };
}
