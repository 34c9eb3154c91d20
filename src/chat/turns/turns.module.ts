import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { Run } from '../runs/run.entity.js';
import { RunsModule } from '../runs/runs.module.js';
import { Approvals } from './approvals.service.js';
import { TurnRows } from './turn-rows.service.js';
import { TurnsController } from './turns.controller.js';
import { TurnsService } from './turns.service.js';

@Module({
  imports: [DatabaseModule.forFeature([Run]), RunsModule],
  controllers: [TurnsController],
  providers: [TurnRows, Approvals, TurnsService],
  exports: [TurnsService, RunsModule],
})
export class TurnsModule {}
