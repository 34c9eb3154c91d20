import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import { runAs } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { InjectOwned } from '../database/database.module.js';
import { Lookups } from '../database/lookups.js';
import { RowNotFound, WrongState } from '../database/errors.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Page } from '../database/page.js';
import { Transactions } from '../database/transactions.js';
import { Idempotency } from '../http/idempotency.js';
import { Problem, referenceNotFound } from '../http/problem.js';
import type { Retry } from '../http/retry.js';
import { UsersService } from '../users/users.service.js';
import { PairingService } from './pairing.service.js';
import type {
  ClaimedMapping,
  CreateSignalMapping,
  ListSignalMappings,
  UpdateSignalMapping,
} from './signal-mapping.dto.js';
import { SignalMapping } from './signal-mapping.entity.js';

@Injectable()
export class SignalMappingsService {
  constructor(
    @InjectOwned(SignalMapping) private readonly mappings: OwnedRepository<SignalMapping>,
    @InjectOwned(Conversation) private readonly conversations: OwnedRepository<Conversation>,
    private readonly pairing: PairingService,
    private readonly users: UsersService,
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly lookups: Lookups,
  ) {}

  /**
   * A claim, pending until the number's holder proves it with the code. The code stays out of what is remembered for a retry,
   * which is answered without one.
   */
  async create(owner: OwnerId, mapping: CreateSignalMapping, retry?: Retry): Promise<ClaimedMapping> {
    let pairingCode: string | undefined;
    const claim = () =>
      this.transactions.run(async () => {
        await this.checkConversation(owner, mapping.conversationId);
        await this.users.lockTier(owner);
        const claimed = await this.mappings.insert(owner, mapping);
        const issued = await this.pairing.issue(owner, claimed);
        pairingCode = issued?.code;
        return { ...claimed, pairingExpiresAt: issued?.expiresAt ?? null };
      });
    const claimed = await (retry ? this.idempotency.once(owner, retry, claim) : claim());
    return { ...claimed, ...(pairingCode && { pairingCode }) };
  }

  /** @throws WrongState where the number is verified; Problem where the owner has had too many codes */
  issueCode(owner: OwnerId, id: string): Promise<ClaimedMapping> {
    return this.transactions.run(async () => {
      await this.users.lockTier(owner);
      const mapping = await this.get(owner, id);
      if (mapping.verifiedAt) throw new WrongState();
      const issued = await this.pairing.issue(owner, mapping);
      if (!issued) {
        const seconds = await this.pairing.wait(owner);
        throw new Problem('rate_limited', 'No more pairing codes within this hour.', undefined, seconds);
      }
      return { ...mapping, pairingExpiresAt: issued.expiresAt, pairingCode: issued.code };
    });
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

  /** For the Signal ear alone: whose claim a text proves that was sent from this number. No route leads here. */
  async confirm(
    phone: string,
    text: string,
    requestId: string,
  ): Promise<{ owner: OwnerId; mapping: SignalMapping } | undefined> {
    const proved = await this.pairing.confirm(phone, text, requestId);
    return proved && this.found(proved, requestId);
  }

  /** For the Signal ear alone: whose verified number it is, and what it talks to. No route leads here. */
  async findByPhone(
    phone: string,
    requestId: string,
  ): Promise<{ owner: OwnerId; mapping: SignalMapping } | undefined> {
    const found = await this.lookups.signalMapping(phone);
    return found && this.found(found, requestId);
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

  private async found({ owner, id }: { owner: OwnerId; id: string }, requestId: string) {
    const mapping = await runAs(owner, requestId, () => this.mappings.find(owner, [sql`t.id = ${id}`]));
    return mapping && { owner, mapping };
  }

  /** One in the bin is not to be found. That the conversation exists at all, the foreign key holds. */
  private async checkConversation(owner: OwnerId, id: string): Promise<void> {
    const living = [sql`t.id = ${id}`, sql`t.deleted_at IS NULL`];
    if (!(await this.conversations.find(owner, living))) throw referenceNotFound('conversation');
  }
}
