import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ToolCall } from './tool-call.entity.js';
import { ToolCallsController } from './tool-calls.controller.js';
import { ToolCallsService } from './tool-calls.service.js';

@Module({
  imports: [DatabaseModule.forFeature([ToolCall])],
  controllers: [ToolCallsController],
  providers: [ToolCallsService],
  exports: [ToolCallsService],
})
export class ToolCallsModule {}
