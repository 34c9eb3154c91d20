import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MessagesModule } from '../messages/messages.module.js';
import { Conversation } from './conversation.entity.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsService } from './conversations.service.js';
import { PurgeService } from './purge.service.js';

@Module({
  imports: [DatabaseModule.forFeature([Conversation]), MessagesModule],
  controllers: [ConversationsController],
  providers: [ConversationsService, PurgeService],
  exports: [ConversationsService],
})
export class ConversationsModule {}
