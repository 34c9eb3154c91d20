import { Injectable } from '@nestjs/common';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import { newestFirst, type Page, type PageRequest } from '../database/page.js';
import { AuditEntry } from './audit-entry.entity.js';

@Injectable()
export class AuditLogService {
  constructor(@InjectOwned(AuditEntry) private readonly entries: OwnedRepository<AuditEntry>) {}

  list(owner: OwnerId, query: PageRequest): Promise<Page<AuditEntry>> {
    return this.entries.page(owner, query, newestFirst('createdAt'));
  }
}
