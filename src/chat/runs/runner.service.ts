import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { runAs } from '../../auth/owner-context.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { RowNotFound } from '../../database/errors.js';
import { Lookups } from '../../database/lookups.js';
import { databaseProblem } from '../../http/database-problems.js';
import { ModelError } from '../model/model-error.js';
import { ABANDONED, RunEnd } from './run-end.service.js';
import { RunServices } from './run-services.js';
import { LeaseLost } from './run-store.service.js';
import type { HeldRun } from './write-statement.js';
import { Released, RunWriter, StopRequested } from './run-writer.js';
import { RunWork } from './run-work.js';

const LOOK = 1000; // milliseconds
const MOST = 100; // runs that a look takes over
const SHORTEST_PAUSE = 50; // milliseconds between two writes of a run
const LONGEST_PAUSE = 75;
const PATIENCE = 1000; // milliseconds for what is being done with the database
const FAILED = 'Something went wrong. Try again.';

/** Does the runs that began here, and those that nobody does any more: of an instance that was killed, or that stops. */
@Injectable()
export class Runner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Runner.name);
  private readonly active = new Map<RunWriter, Promise<void>>();
  private timer: NodeJS.Timeout;
  private unwatch: () => void;
  private looking = false;
  private closing = false;

  constructor(
    private readonly services: RunServices,
    private readonly ends: RunEnd,
    private readonly lookups: Lookups,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), LOOK).unref();
    this.unwatch = this.services.notifications.watch(ABANDONED, () => void this.look());
    void this.look();
  }

  /** Gives all leases back; what was said so far is written. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    clearInterval(this.timer);
    this.unwatch?.();
    const active = [...this.active];
    await Promise.allSettled(active.map(([writer]) => writer.release()));
    await Promise.race([Promise.allSettled(active.map(([, done]) => done)), sleep(PATIENCE)]);
    if (active.length > 0) this.services.notifications.tell(ABANDONED);
  }

  /** Does a run whose lease this instance has. Nobody waits for it. */
  start(owner: OwnerId, run: HeldRun): void {
    const writer = new RunWriter(this.services, owner, run, () =>
      Math.min(LONGEST_PAUSE, SHORTEST_PAUSE + this.active.size / 8),
    );
    const done = runAs(owner, run.id, () => this.do(owner, run, writer)).finally(() => {
      writer.close();
      this.active.delete(writer);
    });
    this.active.set(writer, done);
    if (this.closing) void writer.release().catch(() => undefined);
  }

  private async do(owner: OwnerId, run: HeldRun, writer: RunWriter): Promise<void> {
    const work = new RunWork(this.services, this.ends, owner, run, writer);
    try {
      await work.goOn().catch((error: unknown) => this.breakOff(work, writer, error));
    } catch (error) {
      // Its lease runs out, and whoever takes it over tries again.
      if (!(error instanceof LeaseLost || error instanceof Released))
        this.logger.error({ event: 'turn left', error });
    }
  }

  private async breakOff(work: RunWork, writer: RunWriter, error: unknown): Promise<void> {
    if (!writer.isHeld || error instanceof LeaseLost) return;
    if (writer.signal.reason instanceof StopRequested || error instanceof RowNotFound)
      return work.breakOff({ status: 'stopped' }, { type: 'abort' });
    if (error instanceof ModelError)
      return work.breakOff(
        { status: 'failed', errorCode: error.code },
        { type: 'error', errorText: error.message },
      );
    if (databaseProblem(error)?.status === 503) throw error;
    this.logger.error({ event: 'turn failed', error });
    await work.breakOff(
      { status: 'failed', errorCode: 'internal_error' },
      { type: 'error', errorText: FAILED },
    );
  }

  private async look(): Promise<void> {
    if (this.looking || this.closing) return;
    this.looking = true;
    try {
      for (const { owner, id } of await this.lookups.lapsedRuns(MOST))
        await runAs(owner, id, async () => {
          const run = this.closing ? undefined : await this.services.store.claim(owner, id);
          if (!run) return;
          this.logger.log({ event: 'turn taken over', attempt: run.attempt });
          this.start(owner, run);
        });
    } catch (error) {
      if (!databaseProblem(error)) this.logger.error({ event: 'look for turns failed', error });
    } finally {
      this.looking = false;
    }
  }
}
