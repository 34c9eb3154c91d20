import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ApiClient } from './app.js';
import { expectProblem } from './expectations.js';
import { sqlAsSuperuser, type TestDatabase } from './database.js';

/** Longest time, in milliseconds, until a service serves again once the fault is over. */
const RECOVERY = 5000;

type Stored = { id: string };

/** Clients that write a task, read it, and write the next, until {@link Load.stop}. */
export class Load {
  /** The ids of what was answered with 201. */
  readonly acknowledged: string[] = [];
  readonly answers: Answer<unknown>[] = [];
  private readonly ending = new AbortController();
  private readonly writers: Promise<void>[];

  constructor(clients: ApiClient[]) {
    this.writers = clients.map((client) => this.write(client));
  }

  /** Resolves when so many more tasks have been written. */
  async progress(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    while (this.acknowledged.length < goal) await Promise.race([sleep(5), ...this.writers]);
  }

  /** Resolves when so many more requests have been answered 503. */
  async refusals(count: number): Promise<void> {
    const refused = () => this.answers.filter(({ status }) => status === 503).length;
    const goal = refused() + count;
    while (refused() < goal) await Promise.race([sleep(5), ...this.writers]);
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.writers);
  }

  private async write(client: ApiClient): Promise<void> {
    while (!this.ending.signal.aborted) {
      const made = await client.post<Stored>('/v1/tasks', { title: 'Buy milk' });
      this.answers.push(made);
      if (made.status !== 201) continue;
      this.acknowledged.push(made.body.id);
      this.answers.push(await client.get(`/v1/tasks/${made.body.id}`));
    }
  }
}

/** Every answer is a success or a 503 with `Retry-After`, and every task that was acknowledged is there. */
export async function expectSurvived(load: Load, database: TestDatabase): Promise<void> {
  for (const answer of load.answers) if (answer.status >= 300) expectUnavailable(answer);
  const rows = await sqlAsSuperuser<Stored>(database, 'SELECT id FROM app.tasks');
  const stored = new Set(rows.map(({ id }) => id));
  expect(load.acknowledged.filter((id) => !stored.has(id))).toEqual([]);
}

/** A problem of status 503 that says when to try again. */
export function expectUnavailable(answer: Answer<unknown>, code = /^(busy|database_unavailable)$/): void {
  const given = (answer.body as { code?: string } | undefined)?.code ?? answer.text;
  expect(given).toMatch(code);
  expectProblem(answer, 503, given);
  expect(answer.headers.get('retry-after')).toBe('1');
}

/**
 * Asks until the service reads, writes and is ready, which must be soon.
 * @returns after how many milliseconds that was
 */
export async function recovers(client: ApiClient): Promise<number> {
  const start = Date.now();
  const serves = async () =>
    (await client.get('/readyz')).status === 200 &&
    (await client.get('/v1/tasks?limit=1')).status === 200 &&
    (await client.post('/v1/tasks', { title: 'Buy milk' })).status === 201;
  while (!(await serves())) await sleep(20);
  const took = Date.now() - start;
  expect(took).toBeLessThan(RECOVERY);
  return took;
}
