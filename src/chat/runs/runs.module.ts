import { Module } from '@nestjs/common';
import { AidesModule } from '../../aides/aides.module.js';
import { Conversation } from '../../conversations/conversation.entity.js';
import { ConversationsModule } from '../../conversations/conversations.module.js';
import { DatabaseModule } from '../../database/database.module.js';
import { HttpModule } from '../../http/http.module.js';
import { Message } from '../../messages/message.entity.js';
import { MessagesModule } from '../../messages/messages.module.js';
import { ToolCallsModule } from '../../tool-calls/tool-calls.module.js';
import { UsersModule } from '../../users/users.module.js';
import { ModelModule } from '../model/model.module.js';
import { ToolsModule } from '../tools/tools.module.js';
import { ChatUsage } from './chat-usage.entity.js';
import { ChunkWrites } from './chunk-writes.service.js';
import { HistoryService } from './history.service.js';
import { RecentChunks } from './recent-chunks.js';
import { Run } from './run.entity.js';
import { RunChunk } from './run-chunk.entity.js';
import { RunEnd } from './run-end.service.js';
import { RunServices } from './run-services.js';
import { RunStore } from './run-store.service.js';
import { RunStreams } from './run-streams.service.js';
import { Runner } from './runner.service.js';
import { ChatUsageService } from './usage.service.js';

@Module({
  imports: [
    DatabaseModule.forFeature([Run, RunChunk, ChatUsage, Message, Conversation]),
    HttpModule,
    AidesModule,
    ConversationsModule,
    MessagesModule,
    ToolCallsModule,
    UsersModule,
    ModelModule,
    ToolsModule,
  ],
  providers: [
    RunStore,
    ChunkWrites,
    RecentChunks,
    HistoryService,
    ChatUsageService,
    RunServices,
    RunEnd,
    Runner,
    RunStreams,
  ],
  exports: [RunStore, ChatUsageService, RunServices, RunEnd, Runner, RunStreams],
})
export class RunsModule {}
