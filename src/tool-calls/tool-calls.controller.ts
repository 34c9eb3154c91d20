import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { Page } from '../database/page.js';
import { Id } from '../http/id.decorator.js';
import { ApiPage, Fails } from '../http/openapi.decorators.js';
import { ChainEntry } from './chain-entry.entity.js';
import { CreateToolCall, FinishToolCall, ListChain, ListToolCalls, Verification } from './tool-call.dto.js';
import { ToolCall } from './tool-call.entity.js';
import { ToolCallChainService } from './tool-call-chain.service.js';
import { ToolCallsService } from './tool-calls.service.js';

@Controller('v1')
export class ToolCallsController {
  constructor(
    private readonly calls: ToolCallsService,
    private readonly chain: ToolCallChainService,
  ) {}

  /** Record a tool call of a message */
  @Post('messages/:id/tool-calls')
  create(@Owner() owner: OwnerId, @Id() id: string, @Body() call: CreateToolCall): Promise<ToolCall> {
    return this.calls.create(owner, id, call);
  }

  /** List the calls of a message */
  @Get('messages/:id/tool-calls')
  @ApiPage(ToolCall)
  listByMessage(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Query() query: ListToolCalls,
  ): Promise<Page<ToolCall>> {
    return this.calls.listByMessage(owner, id, query);
  }

  /** List the calls of a conversation */
  @Get('conversations/:id/tool-calls')
  @ApiPage(ToolCall)
  listByConversation(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Query() query: ListToolCalls,
  ): Promise<Page<ToolCall>> {
    return this.calls.listByConversation(owner, id, query);
  }

  /** Verify the proofs of all finished calls */
  @Get('tool-calls/verify')
  verify(@Owner() owner: OwnerId): Promise<Verification> {
    return this.chain.verify(owner);
  }

  /** List the proofs of finished calls, in the order of finishing */
  @Get('tool-calls/chain')
  @ApiPage(ChainEntry)
  listChain(@Owner() owner: OwnerId, @Query() query: ListChain): Promise<Page<ChainEntry>> {
    return this.chain.list(owner, query);
  }

  /** Get a call */
  @Get('tool-calls/:id')
  get(@Owner() owner: OwnerId, @Id() id: string): Promise<ToolCall> {
    return this.calls.get(owner, id);
  }

  /** Finish a pending call, once */
  @Post('tool-calls/:id/finish')
  @HttpCode(200)
  @Fails('invalid_state')
  finish(@Owner() owner: OwnerId, @Id() id: string, @Body() outcome: FinishToolCall): Promise<ToolCall> {
    return this.calls.finish(owner, id, outcome);
  }
}
