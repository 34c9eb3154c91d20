import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessageChunk } from 'ai';
import { runAs } from '../../auth/owner-context.js';
import type { OwnerId } from '../../auth/owner-id.js';
import type { Notifications } from '../../database/notifications.js';
import type { Transactions } from '../../database/transactions.js';
import { databaseProblem } from '../../http/database-problems.js';
import { addChunk } from './chunks.js';
import type { RecentChunks } from './recent-chunks.js';
import type { ChunkWrites } from './chunk-writes.service.js';
import { LeaseLost, type RunStore } from './run-store.service.js';
import { type HeldRun, LEASE, type Progress } from './write-statement.js';

const RENEW = 2000; // milliseconds
const CHECK = 500;
const RETRY = 100;

/** The owner wants it, or what the run answers is deleted. */
export class StopRequested extends Error {}
/** This instance stops: the run is another's. */
export class Released extends Error {}

export interface WriterServices {
  store: RunStore;
  chunkWrites: ChunkWrites;
  recent: RecentChunks;
  notifications: Notifications;
  transactions: Transactions;
}

/** What commits with a write. `before` locks the conversation, where it needs it: it comes before its runs. */
export interface Work {
  before?: () => Promise<unknown>;
  after?: () => Promise<unknown>;
}

/** Topic of a request to stop a run. */
export const stopOf = (runId: string) => `${runId}/stop`;

/**
 * Writes the stream of a run while its lease is held, and keeps it held. The first chunk goes out at once, others together.
 * One write at a time, and none is waited for but at the end of a step.
 */
export class RunWriter {
  private buffer: UIMessageChunk[] = [];
  private last: Promise<unknown> = Promise.resolve();
  private writing = false;
  private scheduled: NodeJS.Timeout | undefined;
  private renewed = Date.now();
  private wrote = 0;
  private readonly ending = new AbortController();
  private readonly clock: NodeJS.Timeout;
  private readonly unwatch: () => void;

  /** @param pause milliseconds between two writes */
  constructor(
    private readonly services: WriterServices,
    private readonly owner: OwnerId,
    private readonly run: HeldRun,
    private readonly pause: () => number,
  ) {
    this.clock = setInterval(() => this.check(), CHECK);
    this.unwatch = services.notifications.watch(stopOf(run.id), () => this.renew());
  }

  /** Aborted by {@link StopRequested}, {@link LeaseLost} or {@link Released}; behind the latter two nothing is written. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  get isHeld(): boolean {
    return !this.signal.aborted || this.signal.reason instanceof StopRequested;
  }

  add(...chunks: UIMessageChunk[]): void {
    for (const chunk of chunks) addChunk(this.buffer, chunk);
    this.schedule();
  }

  /** What was added is written, and the lease was held then. @throws LeaseLost, StopRequested, Released */
  async flush(): Promise<void> {
    await this.inTurn(() => this.writeBuffer());
    this.wrote = 0; // what comes next goes out at once
    this.signal.throwIfAborted();
  }

  /** Everything that was added commits together with the work. @throws LeaseLost, and what the work throws */
  async commit(progress: Progress, work: Work): Promise<void> {
    await this.inTurn(() => this.writeBuffer(progress, work));
  }

  /** Tries again while the database is busy or away and the lease is held. @throws LeaseLost behind that */
  async persist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (databaseProblem(error)?.status !== 503) throw error;
        await sleep(RETRY);
        if (!this.isHeld) throw new LeaseLost();
      }
    }
  }

  /** Gives the lease back, for others to take it at once. */
  async release(): Promise<void> {
    await this.inTurn(async () => {
      await this.writeBuffer().catch(() => undefined);
      if (!this.isHeld) return;
      this.ending.abort(new Released());
      await this.services.store.release(this.owner, this.run);
    });
  }

  close(): void {
    clearInterval(this.clock);
    clearTimeout(this.scheduled);
    this.unwatch();
    this.services.recent.forget(this.run.id);
  }

  private schedule(): void {
    if (this.scheduled || this.writing || !this.isHeld) return;
    this.scheduled = setTimeout(
      () => {
        this.scheduled = undefined;
        this.inTurn(() => (this.silence < RENEW ? this.writeChunks() : this.writeBuffer())).catch(this.fail);
      },
      Math.max(0, this.wrote + this.pause() - Date.now()),
    );
  }

  private check(): void {
    if (this.silence >= LEASE * 1000) this.ending.abort(new LeaseLost());
    else if (this.silence >= RENEW && !this.writing) this.renew();
  }

  /** Milliseconds since the lease was renewed. */
  private get silence(): number {
    return Date.now() - this.renewed;
  }

  /** Learns, too, whether it is to stop. */
  private renew(): void {
    this.inTurn(() => this.writeBuffer()).catch(this.fail);
  }

  private fail = (error: unknown): void => this.ending.abort(error);

  /** As the owner, whoever calls: timers and notifications are nobody's. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(() => runAs(this.owner, this.run.id, work));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Everything, and the lease. */
  private async writeBuffer(progress?: Progress, work?: Work): Promise<void> {
    const sent = Date.now();
    await this.send((chunks) => this.write(chunks, progress, work));
    this.renewed = sent;
    if (progress?.step) this.run.steps += 1;
  }

  private async writeChunks(): Promise<void> {
    const { owner, run, services } = this;
    if (this.buffer.length > 0)
      await this.send((chunks) => services.chunkWrites.write({ owner, run, chunks }));
  }

  private async send(write: (chunks: UIMessageChunk[]) => Promise<{ stop: boolean }>): Promise<void> {
    if (!this.isHeld) throw this.signal.reason as Error;
    this.writing = true;
    const chunks = this.buffer;
    this.buffer = [];
    try {
      const { stop } = await this.persist(() => write(chunks));
      if (chunks.length > 0) this.tell(chunks);
      if (stop) this.ending.abort(new StopRequested());
    } catch (error) {
      this.buffer = [...chunks, ...this.buffer];
      throw error;
    } finally {
      this.writing = false;
    }
    if (this.buffer.length > 0) this.schedule();
  }

  private write(chunks: UIMessageChunk[], progress?: Progress, work?: Work) {
    const { store, transactions } = this.services;
    if (!work) return store.write(this.owner, this.run, chunks, progress);
    return transactions.run(async () => {
      await work.before?.();
      const written = await store.write(this.owner, this.run, chunks, progress);
      await work.after?.();
      return written;
    });
  }

  private tell(chunks: UIMessageChunk[]): void {
    const { recent, notifications } = this.services;
    this.wrote = Date.now();
    recent.add(this.run.id, this.run.chunkCount, chunks);
    this.run.chunkCount += chunks.length;
    notifications.tell(this.run.id);
  }
}
