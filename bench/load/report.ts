import type { Figure } from './measure.ts';

export interface Column {
  title: string;
  figure: Figure;
  digits: number;
}

/** What the service may cost, × the floor's CPU; its rate × the floor's; `walls`: × its own CPU without row-level security. */
export const TARGETS = { list: 1.1, read: 1.6, write: 1.8, rate: 0.75, walls: 1.1, growth: 1.2, memory: 200 };

/** A Markdown table; all columns but the first are aligned to the right. */
export function table(header: string[], rows: string[][]): string {
  const rule = header.map((_, i) => (i === 0 ? '---' : '--:'));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
