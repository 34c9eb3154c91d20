import { Body, Controller, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Owner } from '../../auth/owner.decorator.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { Public } from '../../auth/public.decorator.js';
import { Config } from '../../config/config.js';
import { AllowedOriginGuard } from '../../http/allowed-origin.guard.js';
import { ResourceMetadata } from '../../http/challenge.js';
import { Fails } from '../../http/openapi.decorators.js';
import { McpAnswer, McpMessage, McpResource } from './mcp-message.dto.js';
import { McpService } from './mcp.service.js';
import { resourceOf } from './resource.js';
import { sendResponse, webRequest } from './web-request.js';

const METADATA = '.well-known/oauth-protected-resource/mcp';

@Controller()
export class McpController {
  constructor(
    private readonly mcp: McpService,
    private readonly config: Config,
  ) {}

  /** Call the tools over MCP: a message of JSON-RPC, whose answer is one of JSON-RPC too */
  @Post('mcp')
  @HttpCode(200)
  @UseGuards(AllowedOriginGuard)
  @ResourceMetadata(`/${METADATA}`)
  @Fails('origin_not_allowed')
  @ApiOkResponse({ type: McpAnswer })
  @ApiAcceptedResponse({ description: 'A notification, which has no answer' })
  async answer(
    @Owner() owner: OwnerId,
    @Body() message: McpMessage,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendResponse(reply, await this.mcp.answer(owner, webRequest(request, reply), { ...message }));
  }

  /** Who gives tokens for MCP (RFC 9728) */
  @Public()
  @Get(METADATA)
  resource(@Req() request: FastifyRequest): McpResource {
    return resourceOf(request, this.config);
  }
}
