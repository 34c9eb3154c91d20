import { Injectable } from '@nestjs/common';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { Config } from '../../config/config.js';
import { RowNotFound } from '../../database/errors.js';
import type { Page, PageRequest } from '../../database/page.js';
import { Problem } from '../../http/problem.js';
import type { Retry } from '../../http/retry.js';
import type { Message } from '../../messages/message.entity.js';
import type { Run } from '../runs/run.entity.js';
import { RunServices } from '../runs/run-services.js';
import { stopOf } from '../runs/run-writer.js';
import { Approvals } from './approvals.service.js';
import type { Decision } from './turn.dto.js';
import { type TurnId, TurnRows } from './turn-rows.service.js';

/** What a turn begins with: a message, or the wish to have the last one answered anew. */
export type Beginning = { content: string; clientMessageId?: string } | { regenerate: true };

/** The turns of the chat, for every way that leads to it. To be called in the owner's context, on whichever instance. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly services: RunServices,
    private readonly rows: TurnRows,
    private readonly approvals: Approvals,
    private readonly config: Config,
  ) {}

  /**
   * Stores the message and has it answered. The same message of a client, or the same key, is the same turn; that is looked
   * for before anything else.
   * @throws RowNotFound, Problem `turn_in_progress`, `tier_limit_exceeded`, `idempotency_key_reused`, `invalid_state` where there
   *   is nothing to answer anew
   */
  begin(owner: OwnerId, conversationId: string, beginning: Beginning, retry?: Retry): Promise<Run> {
    return this.services.transactions.run(async () => {
      const tier = await this.services.users.lockTier(owner);
      const known = await this.known(owner, conversationId, beginning, retry);
      if (known) return known;
      await this.lock(owner, conversationId);
      await this.approvals.denyUndecided(owner, conversationId);
      const busy = (await this.active(owner, conversationId)) !== undefined;
      if (busy && (this.config.TURN_WHEN_BUSY === 'reject' || 'regenerate' in beginning))
        throw new Problem('turn_in_progress');
      const { id: userMessageId } = await this.toAnswer(owner, conversationId, beginning);
      const how =
        'regenerate' in beginning
          ? ({ trigger: 'regenerate' } as const)
          : ({ trigger: 'submit', clientMessageId: beginning.clientMessageId } as const);
      const run = await this.rows.insert(owner, { conversationId, userMessageId, ...how }, retry, busy);
      await this.services.usage.reserve(owner, tier, 1);
      return run;
    });
  }

  /**
   * Decides on the calls that a turn waits for; a turn of its own performs the stored input of those that are approved, and
   * goes on. The same decisions again are the same turn.
   * @throws RowNotFound, Problem `invalid_state` where it waits for nothing, `invalid_request` where not all is decided,
   *   `tier_limit_exceeded`, `idempotency_key_reused`
   */
  decide(owner: OwnerId, turn: TurnId, decisions: Decision[], retry?: Retry): Promise<Run> {
    return this.services.transactions.run(async () => {
      const tier = await this.services.users.lockTier(owner);
      const known = await this.rows.known(owner, retry);
      if (known) return known;
      await this.lock(owner, turn.conversationId);
      const run = await this.rows.get(owner, turn);
      if (run.status !== 'waiting') return this.approvals.repeated(owner, run, decisions);
      await this.approvals.decide(owner, run, decisions);
      const { conversationId, userMessageId, answerId, id: continuesId } = run;
      const going = { conversationId, userMessageId, answerId, continuesId, trigger: 'approval' } as const;
      const begun = await this.rows.insert(owner, going, retry);
      await this.services.usage.reserve(owner, tier, 0);
      return begun;
    });
  }

  /** Ends a turn with what was said so far, wherever it is done; one that is over stays as it is. */
  stop(owner: OwnerId, turn: TurnId): Promise<Run> {
    const { transactions, notifications } = this.services;
    return transactions.run(async () => {
      await this.services.users.lockTier(owner);
      await this.lock(owner, turn.conversationId);
      const run = await this.rows.get(owner, turn);
      if (run.status === 'waiting')
        await this.approvals.end(owner, run, 'stopped', 'The user stopped the turn.');
      if (run.status === 'queued') await this.stopQueued(owner, run);
      transactions.afterCommit(() => notifications.tell(stopOf(run.id)));
      return this.rows.requestStop(owner, turn);
    });
  }

  get(owner: OwnerId, turn: TurnId): Promise<Run> {
    return this.rows.get(owner, turn);
  }

  /** What is being answered in a conversation, or will be next. */
  active(owner: OwnerId, conversationId: string): Promise<Run | undefined> {
    return this.rows.oldest(owner, conversationId, sql`t.status IN ('running', 'queued')`);
  }

  /** @throws RowNotFound where the conversation is not the owner's or deleted */
  async list(owner: OwnerId, conversationId: string, query: PageRequest): Promise<Page<Run>> {
    const page = await this.rows.page(owner, conversationId, query);
    if (page.data.length === 0) await this.services.conversations.get(owner, conversationId);
    return page;
  }

  private async known(owner: OwnerId, conversationId: string, beginning: Beginning, retry?: Retry) {
    const known = await this.rows.known(owner, retry);
    if (known || !('content' in beginning) || beginning.clientMessageId === undefined) return known;
    const same = sql`t.client_message_id = ${beginning.clientMessageId}`;
    return this.rows.oldest(owner, conversationId, same);
  }

  private async stopQueued(owner: OwnerId, run: Run): Promise<void> {
    const { store, usage, transactions, notifications } = this.services;
    await store.stopQueued(owner, run);
    await usage.settle(owner, run.id);
    transactions.afterCommit(() => notifications.tell(run.id));
  }

  private async lock(owner: OwnerId, id: string): Promise<void> {
    const where = [sql`t.id = ${id}`, sql`t.deleted_at IS NULL`];
    if (!(await this.services.locks.find(owner, where, { lock: 'change' }))) throw new RowNotFound();
  }

  /** The newest message of the owner's. */
  async lastAsked(owner: OwnerId, conversationId: string): Promise<Message | undefined> {
    const newest = { order: 'desc', role: 'user', limit: 1, total: false } as const;
    return (await this.services.messages.list(owner, conversationId, newest)).data[0];
  }

  private async toAnswer(owner: OwnerId, conversationId: string, beginning: Beginning): Promise<Message> {
    const { messages, history } = this.services;
    if ('content' in beginning) {
      const message = { role: 'user', content: beginning.content } as const;
      return (await messages.append(owner, conversationId, [message]))[0]!;
    }
    const last = await this.lastAsked(owner, conversationId);
    if (!last) throw new Problem('invalid_state', 'There is no message to answer.');
    for (const id of await history.answersTo(owner, last)) await messages.delete(owner, id);
    return last;
  }
}
