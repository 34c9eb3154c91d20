import { Injectable } from '@nestjs/common';
import sql, { join } from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { InjectOwned } from '../database/database.module.js';
import { RowNotFound, StaleVersion } from '../database/errors.js';
import type { ExpectedVersion, OwnedRepository, PageOptions } from '../database/owned.repository.js';
import { newestFirst, type Order, type Page, type PageRequest } from '../database/page.js';
import { Transactions } from '../database/transactions.js';
import { referenceNotFound } from '../http/problem.js';
import type { Retry } from '../http/retry.js';
import { ToolCallsService } from '../tool-calls/tool-calls.service.js';
import { appendStatement } from './append.js';
import type { NewMessage, ListLatestMessages, ListMessages } from './message.dto.js';
import { Message } from './message.entity.js';

const CONVERSATION_ALIVE = sql`EXISTS (SELECT FROM app.conversations c
  WHERE c.owner_id = t.owner_id AND c.id = t.conversation_id AND c.deleted_at IS NULL)`;
const ALIVE = [sql`t.deleted_at IS NULL`, CONVERSATION_ALIVE];

const EXCERPT = 300; // characters

export type FoundMessage = Pick<Message, 'id' | 'conversationId' | 'role' | 'createdAt'> & {
  excerpt: string;
};

@Injectable()
export class MessagesService {
  constructor(
    @InjectOwned(Message) private readonly messages: OwnedRepository<Message>,
    @InjectOwned(Conversation) private readonly conversations: OwnedRepository<Conversation>,
    private readonly toolCalls: ToolCallsService,
    private readonly transactions: Transactions,
  ) {}

  /** Appends 1 to 100 messages with their tool calls, all or nothing; a retry is answered with what the first one stored. */
  async append(
    owner: OwnerId,
    conversationId: string,
    messages: NewMessage[],
    retry?: Retry,
  ): Promise<Message[]> {
    try {
      return await this.appendOnce(owner, conversationId, messages, retry);
    } catch (error) {
      const stored = retry && (await this.appendedBy(owner, retry, messages.length));
      if (stored) return stored;
      throw error;
    }
  }

  private appendOnce(
    owner: OwnerId,
    conversationId: string,
    messages: NewMessage[],
    retry?: Retry,
  ): Promise<Message[]> {
    if (!messages.some(({ toolCalls, parentId }) => toolCalls?.length || parentId))
      return this.store(owner, conversationId, messages, retry);
    return this.transactions.run(async () => {
      const stored = await this.store(owner, conversationId, messages, retry);
      await this.checkParents(owner, messages);
      for (const [i, message] of stored.entries())
        await this.toolCalls.record(owner, message, messages[i]!.toolCalls ?? []);
      return stored;
    });
  }

  /** @throws RowNotFound where the conversation is not the owner's or deleted */
  list(owner: OwnerId, conversationId: string, query: ListMessages): Promise<Page<Message>> {
    const order: Order<Message> = {
      keys: [{ property: 'seq' }],
      descending: query.order === 'desc',
      unique: true,
    };
    const alive = sql`EXISTS (SELECT FROM app.conversations c
      WHERE c.owner_id = ${owner} AND c.id = ${conversationId} AND c.deleted_at IS NULL)`;
    const among = [sql`t.conversation_id = ${conversationId}`, sql`t.deleted_at IS NULL`, alive];
    const parent = () =>
      this.conversations.get(owner, conversationId, { where: [sql`t.deleted_at IS NULL`] });
    return this.page(owner, query, order, { among, parent });
  }

  /** The owner's latest, of all conversations. */
  latest(owner: OwnerId, query: ListLatestMessages): Promise<Page<Message>> {
    return this.page(owner, query, newestFirst('createdAt'), { among: ALIVE });
  }

  /** The latest ones that contain a text, whatever its case, with what stands around its first place. */
  search(owner: OwnerId, text: string, limit: number): Promise<FoundMessage[]> {
    return this.messages.query<FoundMessage>(
      owner,
      sql`SELECT id, "conversationId", role, "createdAt",
            substr(content, greatest(1, strpos(lower(content), lower(${text})) - ${EXCERPT / 3}), ${EXCERPT}) AS excerpt
          FROM (SELECT ${this.messages.columns()} FROM app.messages t
            WHERE t.owner_id = ${owner} AND ${join(ALIVE, ' AND ')} AND strpos(lower(t.content), lower(${text})) > 0
            ORDER BY t.created_at DESC, t.id DESC LIMIT ${limit}) AS found`,
    );
  }

  async get(owner: OwnerId, id: string, include?: 'toolCalls'): Promise<Message> {
    const message = await this.messages.get(owner, id, { where: ALIVE });
    if (include) await this.addToolCalls(owner, [message]);
    return message;
  }

  /** Soft; the conversation's count follows. The conversation is locked first, as everywhere. */
  async delete(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    if (version && !version.includes(1)) {
      await this.get(owner, id);
      throw new StaleVersion();
    }
    const [deleted] = await this.messages.query(
      owner,
      sql`WITH locked AS (SELECT c.id FROM app.conversations c JOIN app.messages m
            ON m.owner_id = c.owner_id AND m.conversation_id = c.id
          WHERE c.owner_id = ${owner} AND m.id = ${id} AND c.deleted_at IS NULL FOR NO KEY UPDATE OF c),
        gone AS (UPDATE app.messages m SET deleted_at = now() FROM locked
          WHERE m.owner_id = ${owner} AND m.id = ${id} AND m.deleted_at IS NULL RETURNING m.conversation_id)
        UPDATE app.conversations c SET message_count = c.message_count - 1, version = c.version + 1, updated_at = now()
        FROM gone WHERE c.owner_id = ${owner} AND c.id = gone.conversation_id RETURNING c.id`,
    );
    if (!deleted) throw new RowNotFound();
  }

  /** For clearing a conversation, under its lock. */
  async deleteAll(owner: OwnerId, conversationId: string): Promise<void> {
    await this.messages.query(
      owner,
      sql`UPDATE app.messages SET deleted_at = now()
          WHERE owner_id = ${owner} AND conversation_id = ${conversationId} AND deleted_at IS NULL`,
    );
  }

  /** What the first request with this key appended, deleted or not: it was the same one, so of the same length. */
  private async appendedBy(owner: OwnerId, retry: Retry, count: number): Promise<Message[] | undefined> {
    const stored = await this.messages.query<Message & { hash?: Buffer }>(
      owner,
      sql`SELECT ${this.messages.columns()}, first.request_hash AS hash FROM app.messages first JOIN app.messages t
            ON t.owner_id = first.owner_id AND t.conversation_id = first.conversation_id
              AND t.seq >= first.seq AND t.seq < first.seq + ${count}
          WHERE first.owner_id = ${owner} AND first.idempotency_key = ${retry.key} ORDER BY t.seq`,
    );
    if (!stored[0]) return undefined;
    retry.repeats(stored[0].hash!);
    for (const message of stored) delete message.hash;
    return stored;
  }

  private async store(
    owner: OwnerId,
    conversationId: string,
    messages: NewMessage[],
    retry?: Retry,
  ): Promise<Message[]> {
    const statement = appendStatement(owner, conversationId, messages, this.messages.columns(), retry);
    const stored = await this.messages.query(owner, statement);
    if (stored.length === 0) throw new RowNotFound();
    return stored;
  }

  /** A deleted message is no parent. Under the conversation's lock, which deletions take too. */
  private async checkParents(owner: OwnerId, messages: NewMessage[]): Promise<void> {
    const parents = new Set(messages.flatMap(({ parentId }) => parentId ?? []));
    const living = [sql`t.id = ANY(${[...parents]})`, sql`t.deleted_at IS NULL`];
    if (parents.size > 0 && (await this.messages.count(owner, living)) < parents.size)
      throw referenceNotFound('parent');
  }

  private async page(
    owner: OwnerId,
    query: ListLatestMessages & PageRequest,
    order: Order<Message>,
    options: PageOptions<Message>,
  ): Promise<Page<Message>> {
    const where = [query.role && sql`t.role = ${query.role}`];
    const page = await this.messages.page(owner, query, order, { ...options, where });
    if (query.include) await this.addToolCalls(owner, page.data);
    return page;
  }

  private async addToolCalls(owner: OwnerId, messages: Message[]): Promise<void> {
    const calls = await this.toolCalls.ofMessages(
      owner,
      messages.map(({ id }) => id),
    );
    for (const message of messages)
      message.toolCalls = calls.filter(({ messageId }) => messageId === message.id);
  }
}
