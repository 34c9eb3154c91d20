export interface Frame {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

/** A client of a stream of server-sent events (HTML, 9.2) that is read frame by frame, and not ahead. */
export class EventSource {
  private text = '';

  private constructor(
    readonly status: number,
    readonly headers: Headers,
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly abort: AbortController,
  ) {}

  static async open(url: string, token: string, headers: Record<string, string> = {}): Promise<EventSource> {
    const abort = new AbortController();
    const answer = await fetch(url, {
      signal: abort.signal,
      headers: { authorization: `Bearer ${token}`, ...headers },
    });
    return new EventSource(answer.status, answer.headers, answer.body!.getReader(), abort);
  }

  /** The next events, so many; what is no event is left out. @throws Error where the stream ends before */
  async take(count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    while (frames.length < count) {
      const block = await this.block();
      if (block === undefined) throw new Error(`the stream ended after ${frames.length} events`);
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s)));
      if (fields.id)
        frames.push({
          id: +fields.id,
          event: fields.event!,
          data: JSON.parse(fields.data),
        });
    }
    return frames;
  }

  /** Resolves when the service ends the stream, with what came before that. */
  async ended(): Promise<string> {
    let all = '';
    for (let block = await this.block(); block !== undefined; block = await this.block())
      all += `${block}\n\n`;
    return all;
  }

  close(): void {
    this.abort.abort();
  }

  private async block(): Promise<string | undefined> {
    let end = this.text.indexOf('\n\n');
    while (end < 0) {
      const { value, done } = await this.reader.read();
      if (done) return undefined;
      this.text += Buffer.from(value).toString();
      end = this.text.indexOf('\n\n');
    }
    const block = this.text.slice(0, end);
    this.text = this.text.slice(end + 2);
    return block;
  }
}
