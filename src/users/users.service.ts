import { Injectable, Logger } from '@nestjs/common';
import sql from '../database/sql.js';
import { newId } from '../database/new-id.js';
import { ownerContext } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { isReadOnly, OwnerGone } from '../database/errors.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import { Transactions } from '../database/transactions.js';
import type { Me, Usage } from './user.dto.js';
import { type Tier, User } from './user.entity.js';

/** Aides that are not archived, by tier (A6); null is without limit. */
export const AIDE_LIMITS: Record<Tier, number | null> = { free: 5, pro: null };
/** Turns of the chat in a calendar month of UTC, and what the model may use for them. */
export const TURN_LIMITS: Record<Tier, number | null> = { free: 500, pro: null };
export const TOKEN_LIMITS: Record<Tier, number | null> = { free: 1_000_000, pro: null };

const MAX_SEEN = 10_000;

@Injectable()
export class UsersService {
  private readonly logger = new Logger(UsersService.name);
  private readonly seen = new Set<OwnerId>();

  constructor(
    @InjectOwned(User) private readonly users: OwnedRepository<User>,
    private readonly transactions: Transactions,
  ) {}

  hasSeen(owner: OwnerId): boolean {
    return this.seen.has(owner);
  }

  /** Makes the owner's row on first sight, while the database takes writes: where it does not, reads go on. */
  async see(owner: OwnerId): Promise<void> {
    try {
      await this.ensureRow(owner);
    } catch (error) {
      if (!isReadOnly(error)) throw error;
    }
  }

  /** One statement once for an owner, whoever else tries at the same time. */
  private async ensureRow(owner: OwnerId): Promise<void> {
    if (this.hasSeen(owner)) return;
    await this.users.query(owner, sql`INSERT INTO app.users (id) VALUES (${owner}) ON CONFLICT DO NOTHING`);
    if (this.seen.size >= MAX_SEEN) this.seen.clear();
    this.seen.add(owner);
  }

  /** For what must not rely on the memory of having seen the owner: another instance may have erased it. */
  private async seeAgain(owner: OwnerId): Promise<void> {
    this.seen.delete(owner);
    await this.ensureRow(owner);
  }

  async me(owner: OwnerId): Promise<Me> {
    const [row] = await this.users.query<User & Usage>(
      owner,
      sql`SELECT ${this.users.columns()},
        (SELECT count(*)::int FROM app.aides a WHERE a.owner_id = t.id AND a.status <> 'archived') AS aides,
        (SELECT count(*)::int FROM app.conversations c WHERE c.owner_id = t.id AND c.deleted_at IS NULL) AS conversations,
        (SELECT coalesce(sum(c.message_count), 0)::int FROM app.conversations c
          WHERE c.owner_id = t.id AND c.deleted_at IS NULL) AS messages,
        (SELECT count(*)::int FROM app.tasks k WHERE k.owner_id = t.id) AS tasks,
        coalesce(m.turns, 0) AS turns, coalesce(m.tokens, 0)::float8 AS tokens
        FROM app.users t LEFT JOIN app.chat_usage m ON m.owner_id = t.id
          AND m.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date
        WHERE t.id = ${owner}`,
    );
    if (!row) {
      await this.seeAgain(owner);
      return this.me(owner);
    }
    const { aides, conversations, messages, tasks, turns, tokens, ...user } = row;
    const usage = { aides, conversations, messages, tasks, turns, tokens };
    const { tier } = user;
    const limits = { aides: AIDE_LIMITS[tier], turns: TURN_LIMITS[tier], tokens: TOKEN_LIMITS[tier] };
    return { ...user, usage, limits };
  }

  /** The owner's tier, and the lock under which its limits are counted: users come first in the lock order. */
  async lockTier(owner: OwnerId): Promise<Tier> {
    const user = await this.users.find(owner, [], { lock: 'change' });
    if (!user) throw new OwnerGone();
    return user.tier;
  }

  /** For operators (`npm run tier`); no route leads here. */
  async setTier(owner: OwnerId, tier: Tier): Promise<void> {
    await this.seeAgain(owner);
    const requestId = ownerContext.getStore()?.requestId ?? null;
    await this.users.query(
      owner,
      sql`WITH changed AS (UPDATE app.users SET tier = ${tier}, updated_at = now() WHERE id = ${owner} RETURNING id)
        INSERT INTO app.audit_log (owner_id, id, action, entity, request_id)
        SELECT id, ${newId()}, 'tier', 'user', ${requestId} FROM changed`,
    );
  }

  /** Deletes everything of the owner, the audit log with it; what remains is this line of the log, without a name. */
  async erase(owner: OwnerId): Promise<void> {
    await this.transactions.runLong(() =>
      this.users.query(owner, sql`DELETE FROM app.users WHERE id = ${owner}`),
    );
    this.seen.delete(owner);
    this.logger.log({ event: 'owner erased' });
  }
}
