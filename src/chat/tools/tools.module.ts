import { Module } from '@nestjs/common';
import { AidesModule } from '../../aides/aides.module.js';
import { ConversationsModule } from '../../conversations/conversations.module.js';
import { MessagesModule } from '../../messages/messages.module.js';
import { TasksModule } from '../../tasks/tasks.module.js';
import { ToolCallsModule } from '../../tool-calls/tool-calls.module.js';
import { UsersModule } from '../../users/users.module.js';
import { AideTools } from './aide-tools.js';
import { MessageTools } from './message-tools.js';
import { TaskTools } from './task-tools.js';
import { ToolRuns } from './tool-runs.service.js';
import { Tools } from './tools.service.js';

@Module({
  imports: [AidesModule, ConversationsModule, MessagesModule, TasksModule, ToolCallsModule, UsersModule],
  providers: [TaskTools, MessageTools, AideTools, Tools, ToolRuns],
  exports: [Tools, ToolRuns],
})
export class ToolsModule {}
