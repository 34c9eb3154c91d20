import type { OwnerId } from '../auth/owner-id.js';
import { Groups } from '../database/groups.js';
import { Problem } from './problem.js';

const MOST = 20; // of an owner, on an instance
const RETRY = 1; // seconds

/** What owners have open on this instance for as long as they like: streams, or sockets. */
export class OpenByOwner<Opened> {
  private readonly opened = new Groups<OwnerId, Opened>();
  private closing = false;

  /** @param kind in the words of a refusal, such as `streams` */
  constructor(private readonly kind: string) {}

  /** Whether one more may be opened. @throws Problem `rate_limited` where the owner has too many, `shutting_down` */
  admit(owner: OwnerId): void {
    if (this.closing) throw new Problem('shutting_down');
    if (this.opened.of(owner).size >= MOST)
      throw new Problem('rate_limited', `At most ${MOST} ${this.kind} at once.`, undefined, RETRY);
  }

  /** @returns what is to be called when it is over */
  add(owner: OwnerId, one: Opened): () => void {
    return this.opened.add(owner, one);
  }

  all(): Iterable<Opened> {
    return this.opened.all();
  }

  /** Nothing more is opened. @returns what is open */
  close(): Iterable<Opened> {
    this.closing = true;
    return this.all();
  }
}
