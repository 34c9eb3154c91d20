import { Injectable } from '@nestjs/common';
import sql, { type Sql } from '../../database/sql.js';
import { newId } from '../../database/new-id.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { InjectOwned } from '../../database/database.module.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import { newestFirst, type Order, type Page, type PageRequest } from '../../database/page.js';
import type { Retry } from '../../http/retry.js';
import { Run, type RunStatus } from '../runs/run.entity.js';
import { RunServices } from '../runs/run-services.js';
import { LEASE } from '../runs/write-statement.js';
import { Runner } from '../runs/runner.service.js';

/** A turn by the two ids of its address. */
export type TurnId = Pick<Run, 'conversationId' | 'id'>;

export type NewRun = Pick<Run, 'conversationId' | 'userMessageId' | 'trigger'> &
  Partial<Pick<Run, 'answerId' | 'continuesId' | 'clientMessageId'>>;

const OLDEST_FIRST: Order<Run> = { keys: [{ property: 'createdAt' }] };

/** As long as their conversation is not in the bin. */
const among = (conversationId: string) => [
  sql`t.conversation_id = ${conversationId}`,
  sql`EXISTS (SELECT FROM app.conversations c
    WHERE c.owner_id = t.owner_id AND c.id = t.conversation_id AND c.deleted_at IS NULL)`,
];

/** The rows of turns, for those who do not do them. */
@Injectable()
export class TurnRows {
  constructor(
    @InjectOwned(Run) private readonly runs: OwnedRepository<Run>,
    private readonly services: RunServices,
    private readonly runner: Runner,
  ) {}

  /** @throws RowNotFound */
  get(owner: OwnerId, { conversationId, id }: TurnId): Promise<Run> {
    return this.runs.get(owner, id, { where: among(conversationId) });
  }

  page(owner: OwnerId, conversationId: string, query: PageRequest): Promise<Page<Run>> {
    return this.runs.page(owner, query, newestFirst('createdAt'), { among: among(conversationId) });
  }

  async oldest(owner: OwnerId, conversationId: string, condition: Sql): Promise<Run | undefined> {
    const where = [...among(conversationId), condition];
    return (await this.runs.page(owner, { limit: 1 }, OLDEST_FIRST, { where })).data[0];
  }

  /** Of these messages of a conversation, oldest first. */
  of(owner: OwnerId, conversationId: string, messages: string[]): Promise<Run[]> {
    return this.runs.query(
      owner,
      sql`SELECT ${this.runs.columns()} FROM app.runs t WHERE t.owner_id = ${owner}
            AND t.conversation_id = ${conversationId} AND t.user_message_id = ANY(${messages})
          ORDER BY t.created_at, t.id`,
    );
  }

  /** The turn that a request has begun before. @throws Problem where the key was another request's */
  async known(owner: OwnerId, retry: Retry | undefined): Promise<Run | undefined> {
    if (!retry) return undefined;
    const include = ['requestHash' as const];
    const found = await this.runs.find(owner, [sql`t.idempotency_key = ${retry.key}`], { include });
    if (!found) return undefined;
    const { requestHash, ...run } = found;
    retry.repeats(requestHash!);
    return run;
  }

  continuing(owner: OwnerId, id: string): Promise<Run | undefined> {
    return this.runs.find(owner, [sql`t.continues_id = ${id}`]);
  }

  /** In a transaction that has locked the conversation; it runs as soon as that is committed, unless it is queued. */
  async insert(owner: OwnerId, run: NewRun, retry: Retry | undefined, queued = false): Promise<Run> {
    const id = newId();
    const begun = await this.runs.insert(owner, {
      id,
      answerId: id,
      ...run,
      ...this.services.usage.reservation,
      status: queued ? 'queued' : 'running',
      leaseUntil: queued ? null : sql`now() + make_interval(secs => ${LEASE})`,
      idempotencyKey: retry?.key,
      requestHash: retry?.hash,
    });
    const held = { ...begun, attempt: 1, stepSeq: 0 };
    if (!queued) this.services.transactions.afterCommit(() => this.runner.start(owner, held));
    return begun;
  }

  /** @throws WrongState */
  move(owner: OwnerId, { id }: TurnId, from: RunStatus, to: RunStatus): Promise<Run> {
    return this.runs.update(owner, id, { status: to }, { where: [sql`t.status = ${from}`] });
  }

  /** Of a running one; any other stays as it is. */
  requestStop(owner: OwnerId, { id }: TurnId): Promise<Run> {
    const stopRequestedAt = sql`coalesce(t.stop_requested_at, now())`;
    return this.runs.transition(owner, id, { stopRequestedAt }, { where: [sql`t.status = 'running'`] });
  }
}
