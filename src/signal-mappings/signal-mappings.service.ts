import { Injectable } from '@nestjs/common';
import sql from 'sql-template-tag';
import { runAs } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { Lookups } from '../database/lookups.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Page } from '../database/page.js';
import type { CreateSignalMapping, ListSignalMappings, UpdateSignalMapping } from './signal-mapping.dto.js';
import { SignalMapping } from './signal-mapping.entity.js';

@Injectable()
export class SignalMappingsService {
  constructor(
    @InjectOwned(SignalMapping) private readonly mappings: OwnedRepository<SignalMapping>,
    private readonly lookups: Lookups,
  ) {}

  /** A claim, pending until the number's holder proves it. */
  create(owner: OwnerId, mapping: CreateSignalMapping): Promise<SignalMapping> {
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
  update(
    owner: OwnerId,
    id: string,
    patch: UpdateSignalMapping,
    version?: ExpectedVersion,
  ): Promise<SignalMapping> {
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
    return { owner, mapping: await runAs(owner, requestId, () => this.get(owner, id)) };
  }

  /** For the Signal ear alone: the holder of a verified number lets go of it. */
  async deleteByPhone(phone: string, requestId: string): Promise<boolean> {
    const found = await this.lookups.signalMapping(phone);
    if (!found) return false;
    await runAs(found.owner, requestId, () => this.delete(found.owner, found.id));
    return true;
  }
}
