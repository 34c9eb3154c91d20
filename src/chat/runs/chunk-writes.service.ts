import { Injectable } from '@nestjs/common';
import { runAs } from '../../auth/owner-context.js';
import { type ChunkWrite, RunStore } from './run-store.service.js';

const MOST = 100; // writes at once

type Written = { stop: boolean };
type Waiting = ChunkWrite & PromiseWithResolvers<Written>;

/**
 * Chunks that come while others are written wait for those, and then go together, whosever they are: of many turns at once
 * the database has few commits, and one alone waits for nothing.
 */
@Injectable()
export class ChunkWrites {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(private readonly store: RunStore) {}

  /** @throws LeaseLost */
  write(write: ChunkWrite): Promise<Written> {
    const waiting = { ...write, ...Promise.withResolvers<Written>() };
    this.waiting.push(waiting);
    if (!this.writing) void this.writeWaiting();
    return waiting.promise;
  }

  private async writeWaiting(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const writes = this.waiting.splice(0, MOST);
      const written = await this.store.writeChunks(writes).catch(() => []);
      for (const [i, one] of writes.entries())
        if (written[i]) one.resolve(written[i]);
        else this.alone(one);
    }
    this.writing = false;
  }

  /** What was not written with others says why by itself, and nobody waits for it. */
  private alone({ owner, run, chunks, resolve, reject }: Waiting): void {
    runAs(owner, run.id, () => this.store.write(owner, run, chunks)).then(resolve, reject);
  }
}
