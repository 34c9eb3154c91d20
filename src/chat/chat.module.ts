import { Module } from '@nestjs/common';
import { SocketsModule } from './sockets/sockets.module.js';
import { ToolsModule } from './tools/tools.module.js';
import { TurnsModule } from './turns/turns.module.js';

@Module({ imports: [ToolsModule, TurnsModule, SocketsModule] })
export class ChatModule {}
