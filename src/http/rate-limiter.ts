import type { Lease } from '../database/lookups.js';

/** Takes a lease of a subject from the store that all instances share. */
export type TakeLease = (subject: string, wanted: number) => Promise<Lease>;

/** What comes of a request: whether it may go on, what is left, and in how many seconds all of it is there again. */
export type Decide = (admitted: boolean, left: number, seconds: number) => void;

/** The requests of one subject in the current window, as this instance knows them. */
interface Count {
  /** What this instance may admit without asking. */
  left: number;
  /** What the store can still grant, as far as known. */
  remaining: number;
  /** Taken on credit; the next lease pays it back. */
  owed: number;
  /** By `clock()`. */
  resetsAt: number;
  /** Requests that wait for the lease under way; undefined while none is. */
  waiting: (() => void)[] | undefined;
}

export const WINDOW = 60; // seconds, as `app.take_lease` has it
const GENERATION = 5000; // subjects; two generations are kept

/** Whole milliseconds, of which sums are exact, and which nobody sets back. */
const clock = () => Math.trunc(performance.now());

/** A window is not left while a lease is under way. */
const lasts = ({ resetsAt, waiting }: Count, now: number) => now < resetsAt || waiting !== undefined;

/**
 * Counts requests in memory against leases, a tenth of the limit each. The first one of a window is taken on credit and
 * paid for when half of it is used, with the next one, and so on: whoever sends little costs no statement, and what all
 * instances admit exceeds the limit by at most a lease of each (docs/decisions/0015-rate-limit-leases.md).
 */
export class RateLimiter {
  private readonly lease: number;
  private young = new Map<string, Count>();
  private old = new Map<string, Count>();

  constructor(
    private readonly limit: number,
    private readonly take: TakeLease,
  ) {
    this.lease = Math.max(1, Math.floor(limit / 10));
  }

  /** Decides at once, unless the lease is used up before the answer for the next one is there. */
  count(subject: string, decide: Decide): void {
    const now = clock();
    const count = this.current(subject, now);
    const admitted = count.left > 0;
    if (!admitted && count.waiting) {
      count.waiting.push(() => this.count(subject, decide));
      return;
    }
    if (admitted) {
      count.left -= 1;
      if (count.left <= this.lease / 2 && count.remaining + count.owed > 0) this.replenish(subject, count);
    }
    decide(admitted, count.left + count.remaining, Math.max(1, Math.ceil((count.resetsAt - now) / 1000)));
  }

  /**
   * A full memory forgets the half that was not asked for lately. Whoever is forgotten gains a lease at most, for as many
   * requests of others as it takes to be forgotten: the store remembers the rest.
   */
  private current(subject: string, now: number): Count {
    const young = this.young.get(subject);
    if (young && lasts(young, now)) return young;
    const old = young ? undefined : this.old.get(subject);
    const count = old && lasts(old, now) ? old : this.fresh(now);
    if (!young && this.young.size >= GENERATION) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(subject, count);
    return count;
  }

  private fresh(now: number): Count {
    const { lease, limit } = this;
    const resetsAt = now + WINDOW * 1000;
    return { left: lease, remaining: limit - lease, owed: lease, resetsAt, waiting: undefined };
  }

  private replenish(subject: string, count: Count): void {
    if (count.waiting) return;
    count.waiting = [];
    void this.take(subject, count.owed + this.lease)
      .then(
        (lease) => this.granted(count, lease),
        () => this.grantAlone(count),
      )
      .then(() => {
        const waiting = count.waiting!;
        count.waiting = undefined;
        for (const again of waiting) again();
      });
  }

  private granted(count: Count, { granted, remaining, seconds }: Lease): void {
    count.left = Math.max(0, count.left + granted - count.owed);
    count.remaining = remaining;
    count.owed = 0;
    count.resetsAt = clock() + Math.min(Math.ceil(seconds * 1000), WINDOW * 1000);
  }

  /** The store cannot be reached: the instance counts on its own, and tells the store when it is back. */
  private grantAlone(count: Count): void {
    const granted = Math.min(this.lease, count.remaining);
    count.left += granted;
    count.remaining -= granted;
    count.owed += granted;
  }
}
