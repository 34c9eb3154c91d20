import { Injectable } from '@nestjs/common';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { RowNotFound } from '../../database/errors.js';
import type { NewMessage } from '../../messages/message.dto.js';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import type { Run } from './run.entity.js';
import { RunServices } from './run-services.js';

/** Topic of runs that wait for somebody to take them over. */
export const ABANDONED = 'runs';

/** What belongs to the end of a run, in the transaction that ends it. */
@Injectable()
export class RunEnd {
  constructor(private readonly services: RunServices) {}

  /** Locks what an end changes, users before conversations. */
  async lock(owner: OwnerId, conversationId: string, { user }: { user: boolean }): Promise<void> {
    if (user) await this.services.users.lockTier(owner);
    await this.services.locks.find(owner, [sql`t.id = ${conversationId}`], { lock: 'change' });
  }

  /** @throws RowNotFound where what it answers is gone; behind {@link RunEnd.lock} */
  async append(owner: OwnerId, run: Run, message: NewMessage): Promise<void> {
    await this.services.messages.get(owner, run.userMessageId);
    await this.services.messages.append(owner, run.conversationId, [message]);
  }

  /** Keeps what was said, where what it answers is still there; behind {@link RunEnd.lock}. */
  async keep(owner: OwnerId, run: Run, message: NewMessage): Promise<void> {
    await this.append(owner, run, message).catch(unlessGone);
  }

  /** Calls that the assistant has made last in this turn and that nobody has performed. */
  async pendingCalls(owner: OwnerId, run: Run): Promise<ToolCall[]> {
    const history = await this.services.history.of(owner, run).catch(unlessGone); // then nobody sees them
    return history?.answer?.calls.filter(({ status }) => status === 'pending') ?? [];
  }

  async deny(owner: OwnerId, calls: ToolCall[], reason: string): Promise<void> {
    for (const { id } of calls) await this.services.toolRuns.deny(owner, id, reason);
  }

  /** Behind the run's own change: what was reserved is settled, and the next one of the conversation runs. */
  async pass(owner: OwnerId, run: Run): Promise<void> {
    await this.next(owner, run);
    await this.services.usage.settle(owner, run.id);
  }

  /** Lets the longest queued turn of the conversation run. */
  async next(owner: OwnerId, { conversationId }: Run): Promise<void> {
    const { store, transactions, notifications } = this.services;
    if (await store.promote(owner, conversationId))
      transactions.afterCommit(() => notifications.tell(ABANDONED));
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof RowNotFound)) throw error;
}
