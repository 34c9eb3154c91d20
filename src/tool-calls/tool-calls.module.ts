import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ChainEntry } from './chain-entry.entity.js';
import { ToolCallChainService } from './tool-call-chain.service.js';
import { ToolCall } from './tool-call.entity.js';
import { ToolCallsController } from './tool-calls.controller.js';
import { ToolCallsService } from './tool-calls.service.js';

@Module({
  imports: [DatabaseModule.forFeature([ToolCall, ChainEntry])],
  controllers: [ToolCallsController],
  providers: [ToolCallsService, ToolCallChainService],
  exports: [ToolCallsService],
})
export class ToolCallsModule {}
