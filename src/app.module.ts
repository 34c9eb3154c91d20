import { type DynamicModule, Module } from '@nestjs/common';
import { AidesModule } from './aides/aides.module.js';
import { AuditLogModule } from './audit-log/audit-log.module.js';
import { AuthModule } from './auth/auth.module.js';
import { McpModule } from './channels/mcp/mcp.module.js';
import { ChatModule } from './chat/chat.module.js';
import { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { ConversationsModule } from './conversations/conversations.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HttpModule } from './http/http.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { PageModule } from './page/page.module.js';
import { SignalMappingsModule } from './signal-mappings/signal-mappings.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { ToolCallsModule } from './tool-calls/tool-calls.module.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    AuthModule,
    HttpModule,
    UsersModule,
    AidesModule,
    ConversationsModule,
    MessagesModule,
    TasksModule,
    ToolCallsModule,
    SignalMappingsModule,
    AuditLogModule,
    ChatModule,
    McpModule,
    PageModule,
  ],
})
export class AppModule {
  /** @param databaseUrl of the app's role */
  static for(config: Config, databaseUrl: string): DynamicModule {
    const listenUrl = config.LISTEN_DATABASE_URL ?? databaseUrl;
    const database = DatabaseModule.forRoot(databaseUrl, config.DATABASE_POOL_SIZE, listenUrl);
    return { module: AppModule, imports: [ConfigModule.for(config), database, TelemetryModule.for(config)] };
  }
}
