import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** A write that was answered: its key stands in what it wrote, and these are the ids of the rows. */
export interface Written {
  key: string;
  table: 'tasks' | 'messages';
  ids: string[];
}

interface Answer {
  status: number;
  replayed: boolean;
  body: { id: string; code?: string; data?: { id: string }[] };
}

const PAUSE = 20; // milliseconds before a write is tried again

/** One client of the service that never gives up: what is not answered is sent again, with the same key. */
export class Writer {
  readonly written: Written[] = [];
  /** Requests that were sent again because no answer, or a 5xx, came; and answers that were remembered ones. */
  readonly counts = { sent: 0, again: 0, replayed: 0 };
  private readonly origin: string;
  private readonly token: string;
  private conversation!: string;

  constructor(origin: string, token: string) {
    this.origin = origin;
    this.token = token;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.conversation = (await this.write('/v1/conversations', randomUUID(), {})).body.id;
    while (!signal.aborted) {
      const key = randomUUID();
      const kind = randomInt(3);
      const answer = await this.send(kind, key);
      const ids = idsOf(answer);
      this.written.push({ key, table: kind === 0 ? 'tasks' : 'messages', ids });
      if (randomInt(10) > 0) continue;
      const again = idsOf(await this.send(kind, key)); // a client that did not trust the answer
      if (String(again) !== String(ids))
        throw new Error(`two answers for ${key}: ${String(ids)}; ${String(again)}`);
    }
  }

  private send(kind: number, key: string): Promise<Answer> {
    const messages = `/v1/conversations/${this.conversation}/messages`;
    const message = { role: 'user', content: key };
    if (kind === 0) return this.write('/v1/tasks', key, { title: key });
    if (kind === 1) return this.write(messages, key, message);
    return this.write(`${messages}/batch`, key, { messages: [message, message, message] });
  }

  /** Sends until it is answered with success. @throws Error where it is refused */
  private async write(path: string, key: string, body: object): Promise<Answer> {
    for (;;) {
      this.counts.sent += 1;
      const answer = await this.post(path, key, body).catch(() => undefined); // the connection was lost
      if (answer && answer.status < 300) {
        if (answer.replayed) this.counts.replayed += 1;
        return answer;
      }
      const later = !answer || answer.status === 503 || answer.body.code === 'idempotency_in_progress';
      if (!later) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      this.counts.again += 1;
      await sleep(PAUSE);
    }
  }

  private async post(path: string, key: string, body: object): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${this.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    };
    const answer = await fetch(this.origin + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const replayed = answer.headers.get('idempotent-replayed') === 'true';
    return { status: answer.status, replayed, body: (await answer.json()) as Answer['body'] };
  }
}

const idsOf = ({ body }: Answer) => body.data?.map(({ id }) => id) ?? [body.id];
