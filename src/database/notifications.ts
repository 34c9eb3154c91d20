import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Groups } from './groups.js';
import { newId } from './new-id.js';
import { endUnanswered } from './unanswered.js';

const CHANNEL = 'changes';
const EVERYTHING = '*';
const BEAT = '@'; // begins what an instance tells of itself
const EVERY = 5000; // milliseconds between two beats
const SILENCE = 1.5 * EVERY;
const PATIENCE = 3000; // milliseconds without a byte of an answer
const LONGEST_PAUSE = 10_000; // milliseconds
const MAX_TOPICS = 1000; // told with one statement

type Wake = () => void;

/** `processID` is the one that the server has told at the start of the connection. */
type Client = pg.Client & { patience: number; processID: number };

/**
 * Wakes who waits for a change, on every instance: a topic is an id, never content. One connection of its own for the
 * process, opened when it is first needed: the pool's are for requests.
 *
 * A NOTIFY makes commits wait for each other, so it is no part of the transaction that it tells of: topics are told
 * afterwards, together, one statement at a time, and that has nothing to flush to the disk. So they may be lost; whoever
 * waits is then woken within seconds all the same. Each instance tells every few seconds that it lives. One that falls
 * silent may have died between a commit and telling of it: everyone is woken. One that does not hear itself wakes its
 * own again and again until it does.
 */
@Injectable()
export class Notifications implements OnApplicationShutdown {
  /** By topic. */
  private readonly watchers = new Groups<string, Wake>();
  private readonly self = BEAT + newId();
  /** When each instance was last heard, by this one's clock. */
  private readonly heard = new Map<string, number>();
  private untold = new Set<string>();
  private telling = false;
  private connecting: Promise<Client> | undefined;
  private beating: NodeJS.Timeout | undefined;
  private pause = 0;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param url of the app's role; through a pooler that shares connections, it can tell and does not hear */
  constructor(private readonly url: string) {}

  /** @returns what ends it */
  watch(topic: string, wake: Wake): () => void {
    const unwatch = this.watchers.add(topic, wake);
    void this.listen();
    return unwatch;
  }

  /** To be called when the change is committed. This instance knows at once, others are told. */
  tell(topic: string): void {
    this.wake(topic);
    this.untold.add(topic);
    void this.tellAll();
  }

  /** Wakes who waits on this instance alone. */
  wake(topic: string): void {
    for (const wake of topic === EVERYTHING ? this.watchers.all() : this.watchers.of(topic)) wake();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    clearInterval(this.beating);
    const client = await this.connecting?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  private async tellAll(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    try {
      while (this.untold.size > 0) {
        const client = await this.connection();
        const topics = [...this.untold].slice(0, MAX_TOPICS);
        for (const topic of topics) this.untold.delete(topic); // what is told again from here on is another change
        await client.query(`SELECT pg_notify($1, topic) FROM unnest($2::text[]) topic`, [CHANNEL, topics]);
      }
    } catch {
      this.untold = new Set([EVERYTHING]); // told with the next beat that gets through
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

  private connection(): Promise<Client> {
    this.beating ??= setInterval(() => this.beat(), EVERY).unref();
    return (this.connecting ??= this.connect());
  }

  private async connect(): Promise<Client> {
    const options = {
      connectionString: this.url,
      application_name: 'assistant-backend notifications',
      connectionTimeoutMillis: PATIENCE,
      keepAlive: true,
    };
    const client = Object.assign(new pg.Client(options), { patience: PATIENCE }) as Client;
    const lost = () => {
      this.connecting = undefined;
      this.heard.delete(this.self);
      if (!this.closed && this.watchers.size > 0) void this.listen();
    };
    try {
      if (this.closed) throw new Error('closed');
      client.on('error', () => undefined); // 'end' follows
      client.on('notification', ({ payload, processId }) =>
        this.hear(payload!, processId === client.processID),
      );
      await client.connect();
      endUnanswered(client);
      if (await isDirect(client)) await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.connecting = undefined;
      void client.end().catch(() => undefined);
      throw error;
    }
    client.once('end', lost);
    this.wake(EVERYTHING); // what came meanwhile was not heard
    this.tell(this.self);
    return client;
  }

  private beat(): void {
    const now = performance.now();
    const silent = [...this.heard.keys()].filter((instance) => now - this.heard.get(instance)! > SILENCE);
    for (const instance of silent) this.heard.delete(instance);
    if (silent.length > 0 || !this.heard.has(this.self)) this.wake(EVERYTHING);
    this.tell(this.self);
  }

  private hear(topic: string, own: boolean): void {
    if (topic.startsWith(BEAT)) this.heard.set(topic, performance.now());
    else if (!own) this.wake(topic);
  }
}

/** A pooler makes up the process that it names. What LISTEN asks of it would reach whoever has the connection next. */
async function isDirect(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid === client.processID;
}
