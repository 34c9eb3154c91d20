import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { runAs } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { InjectOwned } from '../database/database.module.js';
import { Lookups } from '../database/lookups.js';
import { RowNotFound } from '../database/errors.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Page } from '../database/page.js';
import { referenceNotFound } from '../http/problem.js';
import type { CreateSignalMapping, ListSignalMappings, UpdateSignalMapping } from './signal-mapping.dto.js';
import { SignalMapping } from './signal-mapping.entity.js';

@Injectable()
export class SignalMappingsService {
  constructor(
    @InjectOwned(SignalMapping) private readonly mappings: OwnedRepository<SignalMapping>,
    @InjectOwned(Conversation) private readonly conversations: OwnedRepository<Conversation>,
    private readonly lookups: Lookups,
  ) {}

  /** A claim, pending until the number's holder proves it. */
  async create(owner: OwnerId, mapping: CreateSignalMapping): Promise<SignalMapping> {
    await this.checkConversation(owner, mapping.conversationId);
    return this.mappings.insert(owner, mapping);
  }

  get(owner: OwnerId, id: string): Promise<SignalMapping> {
    return this.mappings.get(owner, id);
  }

  list(owner: OwnerId, query: ListSignalMappings): Promise<Page<SignalMapping>> {
    const where = [query.aideId && sql`t.aide_id = ${query.aideId}`];
    return this.mappings.page(owner, query, newestFirst('createdAt'), { where });
  }

  /** Moves the number to another conversation. */
  async update(
    owner: OwnerId,
    id: string,
    patch: UpdateSignalMapping,
    version?: ExpectedVersion,
  ): Promise<SignalMapping> {
    if (patch.conversationId) {
      await this.get(owner, id); // 404 comes before 422
      await this.checkConversation(owner, patch.conversationId);
    }
    return this.mappings.update(owner, id, patch, { version });
  }

  delete(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    return this.mappings.delete(owner, id, { version });
  }

  /** For the Signal ear alone: whose verified number it is, and what it talks to. No route leads here. */
  async findByPhone(
    phone: string,
    requestId: string,
  ): Promise<{ owner: OwnerId; mapping: SignalMapping } | undefined> {
    const found = await this.lookups.signalMapping(phone);
    if (!found) return undefined;
    const { owner, id } = found;
    const mapping = await runAs(owner, requestId, () => this.mappings.find(owner, [sql`t.id = ${id}`]));
    return mapping && { owner, mapping };
  }

  /** For the Signal ear alone: the holder of a verified number lets go of it. */
  async deleteByPhone(phone: string, requestId: string): Promise<boolean> {
    const found = await this.lookups.signalMapping(phone);
    if (!found) return false;
    const { owner, id } = found;
    try {
      await runAs(owner, requestId, () => this.delete(owner, id));
    } catch (error) {
      if (error instanceof RowNotFound) return false; // gone since it was looked up
      throw error;
    }
    return true;
  }

  /** One in the bin is not to be found. That the conversation exists at all, the foreign key holds. */
  private async checkConversation(owner: OwnerId, id: string): Promise<void> {
    const living = [sql`t.id = ${id}`, sql`t.deleted_at IS NULL`];
    if (!(await this.conversations.find(owner, living))) throw referenceNotFound('conversation');
  }
}
