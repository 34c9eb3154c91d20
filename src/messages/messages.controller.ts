import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { ExpectedVersion } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import { LargeBody } from '../http/body.js';
import { Id } from '../http/id.decorator.js';
import { ApiPage, Fails } from '../http/openapi.decorators.js';
import { IfMatch } from '../http/preconditions.js';
import { type Retry, RetryKey } from '../http/retry.js';
import {
  CreateMessage,
  CreateMessages,
  IncludeToolCalls,
  ListLatestMessages,
  ListMessages,
  Messages,
} from './message.dto.js';
import { Message } from './message.entity.js';
import { MessagesService } from './messages.service.js';

@Controller('v1')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  /** Append a message */
  @Post('conversations/:id/messages')
  @LargeBody()
  @Fails('reference_not_found')
  async append(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() message: CreateMessage,
    @RetryKey() retry?: Retry,
  ): Promise<Message> {
    return (await this.messages.append(owner, id, [message], retry))[0]!;
  }

  /** Append up to 100 messages, all or nothing */
  @Post('conversations/:id/messages/batch')
  @LargeBody()
  @Fails('reference_not_found')
  async appendAll(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() { messages }: CreateMessages,
    @RetryKey() retry?: Retry,
  ): Promise<Messages> {
    return { data: await this.messages.append(owner, id, messages, retry) };
  }

  /** List the messages of a conversation */
  @Get('conversations/:id/messages')
  @ApiPage(Message)
  list(@Owner() owner: OwnerId, @Id() id: string, @Query() query: ListMessages): Promise<Page<Message>> {
    return this.messages.list(owner, id, query);
  }

  /** List your latest messages, of all conversations */
  @Get('messages')
  @ApiPage(Message)
  latest(@Owner() owner: OwnerId, @Query() query: ListLatestMessages): Promise<Page<Message>> {
    return this.messages.latest(owner, query);
  }

  /** Get a message */
  @Get('messages/:id')
  get(@Owner() owner: OwnerId, @Id() id: string, @Query() { include }: IncludeToolCalls): Promise<Message> {
    return this.messages.get(owner, id, include);
  }

  /** Delete a message */
  @Delete('messages/:id')
  @HttpCode(204)
  delete(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<void> {
    return this.messages.delete(owner, id, version);
  }
}
