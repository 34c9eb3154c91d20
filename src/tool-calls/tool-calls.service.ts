import { Injectable } from '@nestjs/common';
import sql, { type Sql } from '../database/sql.js';
import { newId } from '../database/new-id.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { RowNotFound } from '../database/errors.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import type { Order, Page, PageRequest } from '../database/page.js';
import { Transactions } from '../database/transactions.js';
import type { CreateToolCall, FinishToolCall, RecordedCall } from './tool-call.dto.js';
import { ToolCall } from './tool-call.entity.js';
import { ToolCallChainService } from './tool-call-chain.service.js';

/** In the order of the messages and, of one message, of its calls: UUIDv7 is time-ordered. */
const CALL_ORDER: Order<ToolCall> = { keys: [{ property: 'messageId' }] };

/** A message that its owner can see, and its conversation. */
const visible = (owner: OwnerId, condition: Sql) => sql`FROM app.messages m JOIN app.conversations c
  ON c.owner_id = m.owner_id AND c.id = m.conversation_id
  WHERE m.owner_id = ${owner} AND m.deleted_at IS NULL AND c.deleted_at IS NULL AND ${condition}`;

/**
 * A call is visible with its message. A scalar query and not EXISTS, which becomes a join: planned on wrong estimates, that
 * reads all messages of the conversation for each call.
 */
const among = (owner: OwnerId) => [sql`(SELECT true ${visible(owner, sql`m.id = t.message_id`)})`];

@Injectable()
export class ToolCallsService {
  constructor(
    @InjectOwned(ToolCall) private readonly calls: OwnedRepository<ToolCall>,
    private readonly chain: ToolCallChainService,
    private readonly transactions: Transactions,
  ) {}

  async create(owner: OwnerId, messageId: string, call: CreateToolCall): Promise<ToolCall> {
    const [created] = await this.calls.query(
      owner,
      sql`INSERT INTO app.tool_calls AS t (owner_id, id, conversation_id, message_id, tool_name, parameters)
          SELECT m.owner_id, ${newId()}, m.conversation_id, m.id, ${call.toolName},
            ${JSON.stringify(call.parameters ?? {})}::jsonb
          ${visible(owner, sql`m.id = ${messageId}`)}
          RETURNING ${this.calls.columns()}`,
    );
    if (!created) throw new RowNotFound();
    return created;
  }

  /** The calls that a message is appended with, in the transaction that appends it. */
  async record(
    owner: OwnerId,
    { id: messageId, conversationId }: { id: string; conversationId: string },
    calls: RecordedCall[],
  ): Promise<void> {
    for (const call of calls) await this.calls.insert(owner, { ...call, messageId, conversationId });
  }

  get(owner: OwnerId, id: string): Promise<ToolCall> {
    return this.calls.get(owner, id, { where: among(owner) });
  }

  listByMessage(owner: OwnerId, messageId: string, query: PageRequest): Promise<Page<ToolCall>> {
    const message = sql`SELECT m.conversation_id, m.id ${visible(owner, sql`m.id = ${messageId}`)}`;
    const ofMessage = [sql`(t.conversation_id, t.message_id) = (${message})`];
    return this.list(owner, query, ofMessage, sql`EXISTS (${message})`);
  }

  listByConversation(owner: OwnerId, conversationId: string, query: PageRequest): Promise<Page<ToolCall>> {
    const conversation = sql`EXISTS (SELECT FROM app.conversations c
      WHERE c.owner_id = ${owner} AND c.id = ${conversationId} AND c.deleted_at IS NULL)`;
    return this.list(
      owner,
      query,
      [sql`t.conversation_id = ${conversationId}`, ...among(owner)],
      conversation,
    );
  }

  /** All calls of some messages; for showing them with the messages. */
  ofMessages(owner: OwnerId, messageIds: string[]): Promise<ToolCall[]> {
    return this.calls.query(
      owner,
      sql`SELECT ${this.calls.columns()} FROM app.tool_calls t JOIN app.messages m
            ON m.owner_id = t.owner_id AND m.conversation_id = t.conversation_id AND m.id = t.message_id
          WHERE m.owner_id = ${owner} AND m.id = ANY(${messageIds}) ORDER BY t.id`,
    );
  }

  /**
   * Pending to finished and into the chain, once. The condition on the owner locks its row, before the call's: finished calls of
   * an owner follow each other.
   * @throws WrongState when it is finished already
   */
  finish(
    owner: OwnerId,
    id: string,
    { status, result = null, durationMs }: FinishToolCall,
  ): Promise<ToolCall> {
    const changes = {
      status,
      result: sql`${result === null ? null : JSON.stringify(result)}::jsonb`,
      durationMs: durationMs ?? null,
      finishedAt: sql`now()`,
    };
    const locked = sql`(SELECT true FROM app.users u WHERE u.id = ${owner} FOR NO KEY UPDATE)`;
    return this.transactions.run(async () => {
      const where = [locked, sql`t.status = 'pending'`];
      const call = await this.calls.update(owner, id, changes, { among: among(owner), where });
      await this.chain.append(owner, call);
      return call;
    });
  }

  private list(owner: OwnerId, query: PageRequest, among: Sql[], exists: Sql): Promise<Page<ToolCall>> {
    const parent = async () => {
      const [found] = await this.calls.query<{ exists: boolean }>(owner, sql`SELECT ${exists} AS exists`);
      if (!found!.exists) throw new RowNotFound();
    };
    return this.calls.page(owner, query, CALL_ORDER, { among, parent });
  }
}
