import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Page } from '../database/page.js';
import { Transactions } from '../database/transactions.js';
import { Problem } from '../http/problem.js';
import type { Tier } from '../users/user.entity.js';
import { AIDE_LIMITS, UsersService } from '../users/users.service.js';
import { AideEventsService } from './aide-events.service.js';
import type { CreateAide, ListAides, UpdateAide } from './aide.dto.js';
import { Aide, type AideStatus } from './aide.entity.js';
import { UNPUBLISHED } from './publishing.service.js';

@Injectable()
export class AidesService {
  constructor(
    @InjectOwned(Aide) private readonly aides: OwnedRepository<Aide>,
    private readonly events: AideEventsService,
    private readonly users: UsersService,
    private readonly transactions: Transactions,
  ) {}

  /** @throws Problem `tier_limit_exceeded` */
  create(owner: OwnerId, aide: CreateAide): Promise<Aide> {
    return this.transactions.run(async () => {
      await this.checkLimit(owner, await this.users.lockTier(owner));
      const { state } = aide;
      if (!state || Object.keys(state).length === 0) return this.aides.insert(owner, aide);
      const created = await this.aides.insert(owner, { ...aide, stateVersion: 1 });
      await this.events.begin(owner, created.id, state);
      return created;
    });
  }

  get(owner: OwnerId, id: string, include?: 'state'): Promise<Aide> {
    return this.aides.get(owner, id, { include: include && [include] });
  }

  list(owner: OwnerId, query: ListAides): Promise<Page<Aide>> {
    const { status, include } = query;
    const where = [status ? sql`t.status = ${status}` : sql`t.status <> 'archived'`];
    return this.aides.page(owner, query, newestFirst('updatedAt'), { where, include: include && [include] });
  }

  count(owner: OwnerId, status?: AideStatus): Promise<number> {
    return this.aides.count(owner, [status && sql`t.status = ${status}`]);
  }

  update(owner: OwnerId, id: string, patch: UpdateAide, version?: ExpectedVersion): Promise<Aide> {
    return this.aides.update(owner, id, patch, { version });
  }

  archive(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Aide> {
    const where = [sql`t.status <> 'archived'`];
    const changes = { status: 'archived' as const, ...UNPUBLISHED };
    return this.aides.transition(owner, id, changes, { version, where, action: 'archive' });
  }

  /** @throws Problem `tier_limit_exceeded` */
  unarchive(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Aide> {
    return this.transactions.run(async () => {
      const tier = await this.users.lockTier(owner);
      const { status } = await this.aides.get(owner, id, { lock: 'change' });
      if (status === 'archived') await this.checkLimit(owner, tier);
      const where = [sql`t.status = 'archived'`];
      return this.aides.transition(owner, id, { status: 'draft' }, { version, where, action: 'unarchive' });
    });
  }

  /** Its Signal mappings go with it; its conversations stay, without an aide. */
  delete(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<void> {
    return this.transactions.run(async () => {
      await this.aides.get(owner, id, { lock: 'delete' });
      await this.aides.query(
        owner,
        sql`UPDATE app.conversations SET aide_id = NULL, version = version + 1
            WHERE owner_id = ${owner} AND aide_id = ${id}`,
      );
      await this.aides.delete(owner, id, { version });
      this.events.wakeFollowers(id);
    });
  }

  /** Called under the lock of the owner's row, so that concurrent creates cannot pass the limit together. */
  private async checkLimit(owner: OwnerId, tier: Tier): Promise<void> {
    const limit = AIDE_LIMITS[tier];
    if (limit !== null && (await this.aides.count(owner, [sql`t.status <> 'archived'`])) >= limit)
      throw new Problem('tier_limit_exceeded', `Your tier allows ${limit} aides that are not archived.`);
  }
}
