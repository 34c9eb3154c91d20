import { Module } from '@nestjs/common';
import { Conversation } from '../conversations/conversation.entity.js';
import { DatabaseModule } from '../database/database.module.js';
import { SignalMapping } from './signal-mapping.entity.js';
import { SignalMappingsController } from './signal-mappings.controller.js';
import { SignalMappingsService } from './signal-mappings.service.js';

@Module({
  imports: [DatabaseModule.forFeature([SignalMapping, Conversation])],
  controllers: [SignalMappingsController],
  providers: [SignalMappingsService],
  exports: [SignalMappingsService],
})
export class SignalMappingsModule {}
