import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditLogController } from './audit-log.controller.js';
import { AuditLogService } from './audit-log.service.js';

@Module({
  imports: [DatabaseModule.forFeature([AuditEntry])],
  controllers: [AuditLogController],
  providers: [AuditLogService],
})
export class AuditLogModule {}
