import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../database/database.module.js';
import { Run } from '../runs/run.entity.js';
import { RunsModule } from '../runs/runs.module.js';
import { Approvals } from './approvals.service.js';
import { ChatController } from './chat.controller.js';
import { ChatService } from './chat.service.js';
import { TurnRows } from './turn-rows.service.js';
import { TurnsController } from './turns.controller.js';
import { TurnsService } from './turns.service.js';

@Module({
  imports: [DatabaseModule.forFeature([Run]), RunsModule],
  controllers: [TurnsController, ChatController],
  providers: [TurnRows, Approvals, TurnsService, ChatService],
  exports: [TurnsService, ChatService, RunsModule],
})
export class TurnsModule {}
