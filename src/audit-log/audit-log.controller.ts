import { Controller, Get, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { Page } from '../database/page.js';
import { ApiPage } from '../http/openapi.decorators.js';
import { PageQuery } from '../http/page.dto.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditLogService } from './audit-log.service.js';

@Controller('v1/audit-log')
export class AuditLogController {
  constructor(private readonly log: AuditLogService) {}

  /** List the changes of your data, newest first */
  @Get()
  @ApiPage(AuditEntry)
  list(@Owner() owner: OwnerId, @Query() query: PageQuery): Promise<Page<AuditEntry>> {
    return this.log.list(owner, query);
  }
}
