import { Injectable } from '@nestjs/common';
import { AidesService } from '../../aides/aides.service.js';
import { Conversation } from '../../conversations/conversation.entity.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import { InjectOwned } from '../../database/database.module.js';
import { Notifications } from '../../database/notifications.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import { Transactions } from '../../database/transactions.js';
import { MessagesService } from '../../messages/messages.service.js';
import { ToolCallsService } from '../../tool-calls/tool-calls.service.js';
import { UsersService } from '../../users/users.service.js';
import { Model } from '../model/model.js';
import { ToolRuns } from '../tools/tool-runs.service.js';
import { Tools } from '../tools/tools.service.js';
import { ChunkWrites } from './chunk-writes.service.js';
import { HistoryService } from './history.service.js';
import { RecentChunks } from './recent-chunks.js';
import { RunStore } from './run-store.service.js';
import { ChatUsageService } from './usage.service.js';

/** What doing a run takes. */
@Injectable()
export class RunServices {
  constructor(
    readonly store: RunStore,
    readonly chunkWrites: ChunkWrites,
    readonly recent: RecentChunks,
    readonly notifications: Notifications,
    readonly transactions: Transactions,
    readonly history: HistoryService,
    readonly usage: ChatUsageService,
    readonly messages: MessagesService,
    readonly conversations: ConversationsService,
    @InjectOwned(Conversation) readonly locks: OwnedRepository<Conversation>,
    readonly aides: AidesService,
    readonly users: UsersService,
    readonly calls: ToolCallsService,
    readonly tools: Tools,
    readonly toolRuns: ToolRuns,
    readonly model: Model,
  ) {}
}
