import { Injectable } from '@nestjs/common';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { InjectOwned } from '../../database/database.module.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import { Problem } from '../../http/problem.js';
import type { Tier } from '../../users/user.entity.js';
import { TOKEN_LIMITS, TURN_LIMITS } from '../../users/users.service.js';
import { ChatUsage } from './chat-usage.entity.js';

/** What a turn is taken to use until it is over. */
const RESERVED_TOKENS = 4000;

const MONTH = sql`date_trunc('month', now() AT TIME ZONE 'UTC')::date`;

/** Turns and tokens of an owner in a month: reserved when a turn begins, settled when it ends, whoever ends it. */
@Injectable()
export class ChatUsageService {
  /** Of a new run. */
  readonly reservation = { reservedTokens: RESERVED_TOKENS };

  constructor(@InjectOwned(ChatUsage) private readonly usage: OwnedRepository<ChatUsage>) {}

  /**
   * In the transaction that begins the turn. The row's lock makes the limits exact.
   * @throws Problem `tier_limit_exceeded`
   */
  async reserve(owner: OwnerId, tier: Tier, turns: 0 | 1): Promise<void> {
    const [turnLimit, tokenLimit] = [TURN_LIMITS[tier], TOKEN_LIMITS[tier]];
    const reserved = await this.usage.query(
      owner,
      sql`INSERT INTO app.chat_usage AS t (owner_id, month, turns, tokens)
          VALUES (${owner}, ${MONTH}, ${turns}, ${RESERVED_TOKENS})
          ON CONFLICT (owner_id, month) DO UPDATE
            SET turns = t.turns + excluded.turns, tokens = t.tokens + excluded.tokens
            WHERE (t.turns + excluded.turns <= ${turnLimit}::int) IS NOT FALSE
              AND (t.tokens + excluded.tokens <= ${tokenLimit}::bigint) IS NOT FALSE
          RETURNING t.turns`,
    );
    if (reserved.length === 0)
      throw new Problem('tier_limit_exceeded', 'Your tier has no turns or tokens left this month.');
  }

  /** In the transaction that ends the turn, last of all: what it has really used, in the month in which it began. */
  async settle(owner: OwnerId, runId: string): Promise<void> {
    await this.usage.query(
      owner,
      sql`WITH settled AS (
            UPDATE app.runs SET reserved_tokens = 0 FROM (
              SELECT reserved_tokens AS before FROM app.runs WHERE owner_id = ${owner} AND id = ${runId}) was
            WHERE owner_id = ${owner} AND id = ${runId} RETURNING tokens - was.before AS more, created_at)
          UPDATE app.chat_usage t SET tokens = greatest(0, t.tokens + settled.more) FROM settled
          WHERE t.owner_id = ${owner} AND t.month = date_trunc('month', settled.created_at AT TIME ZONE 'UTC')::date`,
    );
  }
}
