import { Module } from '@nestjs/common';
import { ToolsModule } from './tools/tools.module.js';
import { TurnsModule } from './turns/turns.module.js';

@Module({ imports: [ToolsModule, TurnsModule] })
export class ChatModule {}
