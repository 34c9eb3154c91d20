import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import { newId } from '../database/new-id.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import { Transactions } from '../database/transactions.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { Problem } from './problem.js';
import type { Retry } from './retry.js';

const LOCK_TIMEOUT = '55P03';

/** Does what is asked for under a key once, and answers the same for 48 hours. Only success is remembered. */
@Injectable()
export class Idempotency {
  constructor(
    @InjectOwned(IdempotencyKey) private readonly keys: OwnedRepository<IdempotencyKey>,
    private readonly transactions: Transactions,
  ) {}

  /** @throws Problem where the key was another request's, or its first request is still being done after 2 seconds */
  once<Result>(owner: OwnerId, retry: Retry, work: () => Promise<Result>): Promise<Result> {
    return this.transactions.run(async () => {
      if (!(await this.claim(owner, retry))) return this.repeat<Result>(owner, retry);
      const result = await work();
      await this.keys.query(
        owner,
        sql`UPDATE app.idempotency_keys SET answer = ${JSON.stringify(result)}
            WHERE owner_id = ${owner} AND key = ${retry.key}`,
      );
      return result;
    });
  }

  /** Waits for whoever is claiming the same key, as long as the role may wait for a lock. */
  private async claim(owner: OwnerId, { key, hash }: Retry): Promise<boolean> {
    try {
      const claimed = await this.keys.query(
        owner,
        sql`INSERT INTO app.idempotency_keys AS t (owner_id, id, key, request_hash)
            VALUES (${owner}, ${newId()}, ${key}, ${hash})
            ON CONFLICT ON CONSTRAINT idempotency_keys_key
            DO UPDATE SET request_hash = excluded.request_hash, answer = NULL, created_at = now()
              WHERE t.created_at < now() - interval '48 hours'
            RETURNING t.id`,
      );
      return claimed.length > 0;
    } catch (error) {
      if ((error as { code?: string }).code === LOCK_TIMEOUT) throw new Problem('idempotency_in_progress');
      throw error;
    }
  }

  private async repeat<Result>(owner: OwnerId, retry: Retry): Promise<Result> {
    const first = await this.keys.find(owner, [sql`t.key = ${retry.key}`]);
    if (!first?.answer) throw new Problem('idempotency_in_progress'); // purged between the two statements
    retry.repeats(first.requestHash);
    return JSON.parse(first.answer) as Result;
  }
}
