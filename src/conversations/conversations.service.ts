import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { RowNotFound } from '../database/errors.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Page } from '../database/page.js';
import { Transactions } from '../database/transactions.js';
import { MessagesService } from '../messages/messages.service.js';
import type { CreateConversation, ListConversations, UpdateConversation } from './conversation.dto.js';
import { Conversation } from './conversation.entity.js';

const ALIVE = [sql`t.deleted_at IS NULL`];
const RECENT = newestFirst<Conversation>('updatedAt');

@Injectable()
export class ConversationsService {
  constructor(
    @InjectOwned(Conversation) private readonly conversations: OwnedRepository<Conversation>,
    private readonly messages: MessagesService,
    private readonly transactions: Transactions,
  ) {}

  create(owner: OwnerId, { firstMessage, ...conversation }: CreateConversation): Promise<Conversation> {
    if (!firstMessage) return this.conversations.insert(owner, conversation);
    return this.transactions.run(async () => {
      const { id } = await this.conversations.insert(owner, conversation);
      await this.messages.append(owner, id, [firstMessage]);
      return this.conversations.get(owner, id);
    });
  }

  get(owner: OwnerId, id: string): Promise<Conversation> {
    return this.conversations.get(owner, id, { where: ALIVE });
  }

  list(owner: OwnerId, query: ListConversations): Promise<Page<Conversation>> {
    const among = query.deleted ? [sql`t.deleted_at IS NOT NULL`] : ALIVE;
    const where = [
      query.aideId && sql`t.aide_id = ${query.aideId}`,
      query.channel && sql`t.channel = ${query.channel}`,
    ];
    return this.conversations.page(owner, query, RECENT, { among, where });
  }

  /** The most recently updated one of an aide. */
  async latest(owner: OwnerId, aideId: string): Promise<Conversation> {
    const where = [...ALIVE, sql`t.aide_id = ${aideId}`];
    const { data } = await this.conversations.page(owner, { limit: 1 }, RECENT, { where });
    if (!data[0]) throw new RowNotFound();
    return data[0];
  }

  update(
    owner: OwnerId,
    id: string,
    patch: UpdateConversation,
    version?: ExpectedVersion,
  ): Promise<Conversation> {
    return this.conversations.update(owner, id, patch, { version, among: ALIVE });
  }

  /** Moves it to the top of the list. */
  touch(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Conversation> {
    return this.conversations.update(owner, id, {}, { version, among: ALIVE, action: 'touch' });
  }

  /** Into the bin; its messages are hidden with it. */
  async delete(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    const changes = { deletedAt: sql`now()` };
    await this.conversations.update(owner, id, changes, { version, among: ALIVE, action: 'delete' });
  }

  /** For ever, from the bin or past it: messages, tool calls and Signal mappings go with it. */
  deletePermanently(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    return this.transactions.runLong(() =>
      this.conversations.delete(owner, id, { version, action: 'erase' }),
    );
  }

  restore(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Conversation> {
    const where = [sql`t.deleted_at IS NOT NULL`];
    return this.conversations.transition(
      owner,
      id,
      { deletedAt: null },
      { version, where, action: 'restore' },
    );
  }

  /** Deletes the messages, softly, and keeps the conversation. Two statements: the second sees what waited for the first. */
  async clear(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    await this.transactions.run(async () => {
      await this.conversations.update(
        owner,
        id,
        { messageCount: 0 },
        { version, among: ALIVE, action: 'clear' },
      );
      await this.messages.deleteAll(owner, id);
    });
  }
}
