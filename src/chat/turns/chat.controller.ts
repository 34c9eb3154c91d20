import { Body, Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Owner } from '../../auth/owner.decorator.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { TokenExpiry } from '../../auth/token-expiry.decorator.js';
import { LargeBody } from '../../http/body.js';
import { Id } from '../../http/id.decorator.js';
import { Fails } from '../../http/openapi.decorators.js';
import { RunStreams } from '../runs/run-streams.service.js';
import { ChatMessages, ChatRequest } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { ApiStream } from './turn.openapi.js';

/** What `useChat` speaks over HTTP, unmodified. */
@Controller('api/chat')
export class ChatController {
  constructor(
    private readonly chats: ChatService,
    private readonly streams: RunStreams,
  ) {}

  /** Send the last message of a chat, or decisions, and get the answer as it comes: what `useChat` of the AI SDK does */
  @Post()
  @HttpCode(200)
  @LargeBody()
  @ApiStream('The answer as it comes; the same message again is the same turn, from its beginning')
  @Fails('not_found', 'turn_in_progress', 'invalid_state', 'idempotency_key_reused', 'tier_limit_exceeded')
  async send(
    @Owner() owner: OwnerId,
    @Body() request: ChatRequest,
    @TokenExpiry() expires: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    this.streams.admit(owner); // before anything begins
    const { id: runId } = await this.chats.answer(owner, request);
    return this.streams.open({ owner, runId, expires }, reply);
  }

  /** Read a chat as `useChat` takes it for its `messages`: of the newest 200 messages, without a turn that goes on or waits */
  @Get(':id')
  @Fails('not_found')
  async messages(@Owner() owner: OwnerId, @Id() id: string): Promise<ChatMessages> {
    return { messages: await this.chats.messages(owner, id) };
  }

  /** Go on reading what is being answered, from its beginning */
  @Get(':id/stream')
  @ApiStream('The turn that goes on or waits for a decision, from its beginning')
  @ApiNoContentResponse({ description: 'Nothing goes on' })
  async resume(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @TokenExpiry() expires: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const follower = await this.chats.current(owner, id);
    if (follower) return this.streams.open({ ...follower, expires }, reply);
    void reply.status(204);
    return undefined;
  }

  /** Stop what is being answered, and keep what was said so far. Hanging up stops nothing */
  @Post(':id/stop')
  @HttpCode(204)
  stop(@Owner() owner: OwnerId, @Id() id: string): Promise<void> {
    return this.chats.stop(owner, id);
  }
}
