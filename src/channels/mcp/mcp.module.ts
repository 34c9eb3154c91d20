import { Module } from '@nestjs/common';
import { ToolsModule } from '../../chat/tools/tools.module.js';
import { McpController } from './mcp.controller.js';
import { McpService } from './mcp.service.js';

@Module({ imports: [ToolsModule], controllers: [McpController], providers: [McpService] })
export class McpModule {}
