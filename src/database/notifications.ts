import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';

const CHANNEL = 'changes';
const LONGEST_PAUSE = 10_000; // milliseconds
const MAX_TOPICS = 1000; // told with one statement

type Wake = () => void;

/**
 * Wakes who waits for a change, on every instance: a topic is an id, never content. It may be lost, as whoever waits must
 * expect. One connection of its own for the process, opened when it is first needed: the pool's are for requests.
 *
 * A NOTIFY makes commits wait for each other, so it is no part of the transaction that it tells of: topics are told
 * afterwards, together, one statement at a time, and that has nothing to flush to the disk.
 */
@Injectable()
export class Notifications implements OnApplicationShutdown {
  private readonly watchers = new Map<string, Set<Wake>>();
  private untold = new Set<string>();
  private telling = false;
  private connecting: Promise<pg.Client> | undefined;
  private pause = 0;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param url of the app's role; not by way of a pooler that shares connections between transactions */
  constructor(private readonly url: string) {}

  /** @returns what ends it */
  watch(topic: string, wake: Wake): () => void {
    const wakes = this.watchers.get(topic) ?? new Set();
    this.watchers.set(topic, wakes.add(wake));
    void this.listen();
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0 && this.watchers.get(topic) === wakes) this.watchers.delete(topic);
    };
  }

  /** To be called when the change is committed. */
  tell(topic: string): void {
    this.untold.add(topic);
    void this.tellAll();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    const client = await this.connecting?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  private async tellAll(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    try {
      while (this.untold.size > 0) {
        const topics = [...this.untold].slice(0, MAX_TOPICS);
        for (const topic of topics) this.untold.delete(topic);
        const client = await this.connection();
        await client.query(`SELECT pg_notify($1, topic) FROM unnest($2::text[]) topic`, [CHANNEL, topics]);
      }
    } catch {
      this.untold.clear(); // whoever waits looks for itself
    } finally {
      this.telling = false;
    }
  }

  /** Keeps on until there is a connection, while anyone waits. */
  private async listen(): Promise<void> {
    try {
      await this.connection();
      this.pause = 0;
    } catch {
      if (this.closed || this.watchers.size === 0 || this.retry) return;
      this.pause = Math.min(LONGEST_PAUSE, this.pause * 2 + 100 * (1 + Math.random()));
      this.retry = setTimeout(() => {
        this.retry = undefined;
        void this.listen();
      }, this.pause);
    }
  }

  private connection(): Promise<pg.Client> {
    return (this.connecting ??= this.connect());
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'assistant-backend notifications',
      connectionTimeoutMillis: 3000,
      keepAlive: true,
    });
    const lost = () => {
      this.connecting = undefined;
      if (!this.closed && this.watchers.size > 0) void this.listen();
    };
    try {
      if (this.closed) throw new Error('closed');
      client.on('error', () => undefined); // 'end' follows
      client.on('notification', ({ payload }) => this.wake(payload ?? ''));
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.connecting = undefined;
      void client.end().catch(() => undefined);
      throw error;
    }
    client.once('end', lost);
    for (const topic of this.watchers.keys()) this.wake(topic); // what came meanwhile was not heard
    return client;
  }

  private wake(topic: string): void {
    for (const wake of this.watchers.get(topic) ?? []) wake();
  }
}
