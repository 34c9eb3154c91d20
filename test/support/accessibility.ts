import type { Page } from 'playwright-core';

/** What is wrong with the page as it is now, for those who do not see it, or not well; empty where nothing is. */
export const barriers = (page: Page): Promise<string[]> => page.evaluate(`(${find.toString()})()`);

/** Runs in the page, alone. */
function find(): string[] {
  interface Box {
    querySelectorAll: (selector: string) => Iterable<Part>;
    getElementById: (id: string) => Part | null;
  }
  interface Part extends Box {
    tagName: string;
    id: string;
    textContent: string;
    labels?: { length: number; [i: number]: Part };
    parentElement: Part | null;
    childNodes: Iterable<{ nodeType: number; textContent: string }>;
    getAttribute: (name: string) => string | null;
    checkVisibility: () => boolean;
    closest: (selector: string) => Part | null;
    getBoundingClientRect: () => { width: number; height: number };
  }
  interface Styled {
    color: string;
    backgroundColor: string;
    fontSize: string;
  }
  const { document, getComputedStyle } = globalThis as unknown as {
    document: Box;
    getComputedStyle: (part: Part) => Styled;
  };
  const visible = (selector: string) =>
    [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  const describe = (part: Part) =>
    `${part.tagName.toLowerCase()}#${part.id} "${part.textContent.slice(0, 30)}"`;
  const wrong: string[] = [];

  const named = (part: Part) => {
    const by = (part.getAttribute('aria-labelledby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id));
    const own = part.tagName === 'INPUT' || part.tagName === 'TEXTAREA' ? '' : part.textContent;
    const words = [part.getAttribute('aria-label'), part.labels?.[0]?.textContent, own];
    return [...words, ...by.map((one) => one?.textContent)].some((text) => text?.trim());
  };
  for (const part of visible('button, a, input, textarea, summary, nav, aside, [role=group], [role=region]'))
    if (!named(part)) wrong.push(`without a name: ${describe(part)}`);

  let level = 0;
  for (const heading of visible('h1, h2, h3, h4, h5, h6')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) wrong.push(`h${level} is followed by ${describe(heading)}`);
    level = next;
  }
  if (visible('h1').length !== 1) wrong.push('not one h1');
  if (visible('main').length > 1) wrong.push('more than one main');

  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids))
    if (ids.filter((one) => one === id).length > 1) wrong.push(`id twice: ${id}`);

  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = (color: string) => {
    const [r, g, b] = channels(color)
      .slice(0, 3)
      .map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const behind = (part: Part | null): string => {
    if (!part) return 'rgb(255, 255, 255)';
    const { backgroundColor } = getComputedStyle(part);
    return channels(backgroundColor)[3] === 0 ? behind(part.parentElement) : backgroundColor;
  };
  for (const part of visible('body *')) {
    const speaks = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!speaks || part.closest('.unseen, :disabled')) continue;
    const [one, other] = [light(getComputedStyle(part).color), light(behind(part))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)}: ${describe(part)}`);
  }
  for (const part of visible('button, input, summary')) {
    const { width, height } = part.getBoundingClientRect();
    if (part.getAttribute('type') !== 'checkbox' && (width < 24 || height < 24))
      wrong.push(`smaller than 24 pixels: ${describe(part)}`);
  }
  return wrong;
}
