/** An entry of a log: `id` is what a reader goes on from. */
export interface Entry {
  id: number;
}

export interface Source<T extends Entry> {
  /** The next entries behind an id, in their order, a bounded number; undefined where none will come any more. */
  read(after: number): Promise<T[] | undefined>;
  /** Where reading starts. */
  after: number;
  /** Milliseconds between looks for entries of which nothing was heard. */
  poll: number;
}

/** Reads a log that grows: what is there, and then whatever comes, until it is told to end. */
export class Tail<T extends Entry> {
  private over = false;
  private woken = false;
  private wakeUp: (() => void) | undefined;

  constructor(private readonly source: Source<T>) {}

  /** There may be something to read. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  end(): void {
    this.over = true;
    this.wake();
  }

  /** Never ahead of who takes them; empty ones between, where it has looked and nothing was there. */
  async *batches(): AsyncGenerator<T[]> {
    let { after } = this.source;
    while (!this.over) {
      this.woken = false;
      const entries = await this.source.read(after);
      if (!entries || this.over) return;
      yield entries;
      after = entries.at(-1)?.id ?? after;
      if (entries.length === 0) await this.pause();
    }
  }

  private async pause(): Promise<void> {
    if (this.woken) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      timer = setTimeout(resolve, this.source.poll);
    });
    clearTimeout(timer);
    this.wakeUp = undefined;
  }
}
