import { type Call, type Outcome, resultOf } from './client.ts';

const MARK = /mark-[0-9a-f]{16}/g;
const NAME = /owner-[0-9a-f]{16}/;
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g; // the service's; request ids are not such
const KEPT = 20;

export interface Sight {
  /** Whose marks the answer may show: of who asks or, on a public page, of who published it. */
  mark: string;
  /** An answer to nobody shows no id. */
  anonymous: boolean;
  requestId: string;
  /** Statuses that are right. */
  expects: readonly number[];
  /** What a successful answer shows. */
  shows?: string;
}

/** Looks at every answer for what is not the asker's, and counts. */
export class Watch {
  /** The first few, and how many there were. */
  readonly violations: string[] = [];
  violated = 0;
  readonly statuses = new Map<string, number>();
  /** Without any of these a load would prove nothing. */
  readonly seen = { marks: 0, ids: 0, replays: 0 };
  private readonly holders = new Map<string, string>();

  fail(what: string): void {
    this.violated += 1;
    if (this.violations.length < KEPT) this.violations.push(what);
  }

  inspect(call: Call, sight: Sight, outcome: Outcome): void {
    const { status, text, whole } = outcome;
    const fail = (what: string) =>
      this.fail(`${call.method} ${call.path}: ${status ?? 'hung up'}, ${what}; ${text.slice(-300)}`);
    this.count(outcome);
    for (const [mark] of text.matchAll(MARK)) {
      this.seen.marks += 1;
      if (mark !== sight.mark) fail('the mark of another owner');
    }
    for (const [id] of text.matchAll(ID)) {
      this.seen.ids += 1;
      if (sight.anonymous || this.holder(id, sight.mark) !== sight.mark) fail('an id of another owner');
    }
    if (NAME.test(text)) fail('the name of an owner');
    if (status === undefined || !outcome.sent) return;
    if (!sight.expects.includes(status) && !this.busy(outcome)) fail(`not ${sight.expects.join(' or ')}`);
    if (!whole) return;
    if (/^idempotent-replayed\ntrue$/im.test(text)) this.seen.replays += 1;
    if (!text.includes(sight.requestId)) fail('the answer to another request');
    if (sight.shows && resultOf(outcome) === 'done' && !text.includes(sight.shows))
      fail('not what was asked for');
  }

  /** An id belongs to whom it is shown to first. */
  private holder(id: string, mark: string): string {
    const known = this.holders.get(id);
    if (!known) this.holders.set(id, mark);
    return known ?? mark;
  }

  private busy({ status, text, whole }: Outcome): boolean {
    return status === 503 && (!whole || text.includes('"code":"busy"'));
  }

  /** How many answers had which status. */
  summary(): string {
    const sorted = [...this.statuses].toSorted(([a], [b]) => a.localeCompare(b));
    return sorted.map(([status, count]) => `${status} × ${count}`).join(', ');
  }

  private count({ status, sent }: Outcome): void {
    const key = sent ? String(status ?? 'hung up') : 'half sent';
    this.statuses.set(key, (this.statuses.get(key) ?? 0) + 1);
  }
}
