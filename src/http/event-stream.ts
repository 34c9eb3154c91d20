import { Readable } from 'node:stream';

const HEARTBEAT = 15_000; // milliseconds
const RECONNECT = 'retry: 2000\n\n'; // the client's pause; being first, it also sends the headers

/** An event of a stream: `id` is what a client goes on from. */
export interface StreamEvent {
  id: number;
  name: string;
  data: object;
}

export interface Source {
  /** The next events behind an id, in their order, a bounded number; undefined ends the stream. */
  read(after: number): Promise<StreamEvent[] | undefined>;
  /** Where reading starts. */
  after: number;
  /** Milliseconds between looks for events of which nothing was heard. */
  poll: number;
}

/**
 * Server-sent events (HTML, 9.2). Nothing is read ahead of the client: a slow one slows its own stream, and the connection
 * of one that takes nothing is ended as any other is (registerSlowReaders); the comments keep those that are quiet.
 */
export class EventStream {
  readonly body: Readable;
  private ended = false;
  private woken = false;
  private wakeUp: (() => void) | undefined;
  /** An event waits for the client to take it. */
  private offers = false;

  constructor(private readonly source: Source) {
    this.body = Readable.from(this.frames(), { objectMode: false });
  }

  /** There may be something to read. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  /** At once, even where the client does not read. */
  end(): void {
    this.ended = true;
    this.wake();
    if (this.offers) this.body.destroy();
  }

  private async *frames(): AsyncGenerator<string> {
    yield RECONNECT;
    let { after } = this.source;
    let sent = Date.now();
    while (!this.ended) {
      this.woken = false;
      const events = await this.source.read(after);
      if (!events) return;
      for (const event of events) {
        if (this.ended) return;
        yield* this.taken(frameOf(event));
        after = event.id;
        sent = Date.now();
      }
      if (events.length > 0) continue;
      await this.pause(this.source.poll);
      if (Date.now() - sent < HEARTBEAT || this.ended) continue;
      yield* this.taken(':\n\n');
      sent = Date.now();
    }
  }

  /** Comes back when the client, or the little that is buffered for it, has room for more. */
  private *taken(frame: string): Generator<string> {
    this.offers = true;
    yield frame;
    this.offers = false;
  }

  private async pause(longest: number): Promise<void> {
    if (this.woken) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      timer = setTimeout(resolve, longest);
    });
    clearTimeout(timer);
    this.wakeUp = undefined;
  }
}

const frameOf = ({ id, name, data }: StreamEvent) =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
