import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { Entry, Source } from './tail.js';

const HEARTBEAT = 15_000; // milliseconds
const TICK = 5000; // milliseconds; how late a comment or a look may be
const RECONNECT = 'retry: 2000\n\n'; // the client's pause; being first, it also sends the headers

/** An event of a stream: `id` is what a client goes on from. */
export interface StreamEvent extends Entry {
  /** Without one it is a message. */
  name?: string;
  data: object;
}

/** What a stream shows; `farewell` is the data of a last event, where the source has ended. */
export type StreamSource = Source<StreamEvent> & { farewell?: string };

/**
 * Server-sent events (HTML, 9.2). Nothing is read ahead of the client: a slow one slows its own stream, and the connection
 * of one that takes nothing is ended as any other is (registerSlowReaders); the comments keep those that are quiet. One
 * that waits is one timer and no promise: there are thousands of them.
 */
export class EventStream {
  private static readonly logger = new Logger(EventStream.name);
  /** To be answered as a StreamableFile: Nest reads a bare stream by an iterator, into a second one. */
  readonly body: Readable;
  private after: number;
  private events: StreamEvent[] = [];
  /** The client, or the little that is buffered for it, has room for more. */
  private wanted = false;
  private ended = false;
  private woken = true;
  private reading = false;
  private looked = 0;
  private sent = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly source: StreamSource) {
    this.after = source.after;
    this.body = new Readable({
      read: () => this.go(),
      destroy: (error, done) => {
        this.stop();
        done(error);
      },
    });
  }

  /** There may be something to read. */
  wake(): void {
    this.woken = true;
    void this.fill();
  }

  /** At once, even where the client does not read. */
  end(): void {
    if (this.ended) return;
    this.stop();
    if (this.wanted || !this.timer) this.body.push(null);
    else this.body.destroy();
  }

  /** The source has ended. */
  private close(): void {
    const { farewell } = this.source;
    if (this.ended) return;
    this.stop();
    if (farewell !== undefined) this.body.push(`data: ${farewell}\n\n`);
    this.body.push(null);
  }

  private stop(): void {
    this.ended = true;
    clearInterval(this.timer);
  }

  /** The client takes more. */
  private go(): void {
    this.wanted = true;
    if (this.timer) return void this.fill();
    this.timer = setInterval(() => this.tick(), Math.min(TICK, this.source.poll));
    this.send(RECONNECT);
  }

  private tick(): void {
    const now = Date.now();
    if (this.wanted && now - this.sent >= HEARTBEAT) this.send(':\n\n');
    if (now - this.looked >= this.source.poll) this.wake();
  }

  private send(frame: string): void {
    this.wanted = false;
    this.sent = Date.now();
    this.body.push(frame);
  }

  /** Sends the next event, reading further ones where none is left, while the client takes more and there is reason to. */
  private async fill(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.wanted && !this.ended) {
        const event = this.events.shift();
        if (event) {
          this.after = event.id;
          this.send(frameOf(event));
        } else if (!this.woken || !(await this.read())) return;
      }
    } catch (error) {
      EventStream.logger.error(error);
      this.body.destroy();
    } finally {
      this.reading = false;
    }
  }

  /** @returns false where the stream ends */
  private async read(): Promise<boolean> {
    this.woken = false;
    this.looked = Date.now();
    const events = await this.source.read(this.after);
    if (!events) this.close();
    else if (events.length > 0) [this.events, this.woken] = [events, true]; // there may be more behind them
    return Boolean(events);
  }
}

const frameOf = ({ id, name, data }: StreamEvent) =>
  `id: ${id}\n${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
