import { Module } from '@nestjs/common';
import { ToolsModule } from './tools/tools.module.js';

@Module({ imports: [ToolsModule] })
export class ChatModule {}
