import { Readable } from 'node:stream';
import { type Entry, type Source, Tail } from './tail.js';

const HEARTBEAT = 15_000; // milliseconds
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
 * of one that takes nothing is ended as any other is (registerSlowReaders); the comments keep those that are quiet.
 */
export class EventStream {
  readonly body: Readable;
  private readonly tail: Tail<StreamEvent>;
  /** An event waits for the client to take it. */
  private offers = false;

  constructor(private readonly source: StreamSource) {
    this.tail = new Tail(source);
    this.body = Readable.from(this.frames(), { objectMode: false });
  }

  /** There may be something to read. */
  wake(): void {
    this.tail.wake();
  }

  /** At once, even where the client does not read. */
  end(): void {
    this.tail.end();
    if (this.offers) this.body.destroy();
  }

  private async *frames(): AsyncGenerator<string> {
    yield RECONNECT;
    let sent = Date.now();
    for await (const events of this.tail.batches()) {
      for (const event of events) {
        if (this.tail.ended) return;
        yield* this.taken(frameOf(event));
        sent = Date.now();
      }
      if (events.length > 0 || Date.now() - sent < HEARTBEAT) continue;
      yield* this.taken(':\n\n');
      sent = Date.now();
    }
    const { farewell } = this.source;
    if (farewell !== undefined && !this.tail.ended) yield* this.taken(`data: ${farewell}\n\n`);
  }

  /** Comes back when the client, or the little that is buffered for it, has room for more. */
  private *taken(frame: string): Generator<string> {
    this.offers = true;
    yield frame;
    this.offers = false;
  }
}

const frameOf = ({ id, name, data }: StreamEvent) =>
  `id: ${id}\n${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
