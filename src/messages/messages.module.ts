import { Module } from '@nestjs/common';
import { Conversation } from '../conversations/conversation.entity.js';
import { DatabaseModule } from '../database/database.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { Message } from './message.entity.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';

@Module({
  imports: [DatabaseModule.forFeature([Message, Conversation]), ToolCallsModule],
  controllers: [MessagesController],
  providers: [MessagesService],
  exports: [MessagesService],
})
export class MessagesModule {}
