import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { ExpectedVersion } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import { LargeBody } from '../http/body.js';
import { Id } from '../http/id.decorator.js';
import { ApiPage, Fails } from '../http/openapi.decorators.js';
import { IfMatch } from '../http/preconditions.js';
import {
  CreateConversation,
  DeleteConversation,
  LatestConversation,
  ListConversations,
  UpdateConversation,
} from './conversation.dto.js';
import { Conversation } from './conversation.entity.js';
import { ConversationsService } from './conversations.service.js';

@Controller('v1/conversations')
export class ConversationsController {
  constructor(private readonly conversations: ConversationsService) {}

  /** Start a conversation, with a first message if you like */
  @Post()
  @LargeBody()
  @Fails('reference_not_found')
  create(@Owner() owner: OwnerId, @Body() conversation: CreateConversation): Promise<Conversation> {
    return this.conversations.create(owner, conversation);
  }

  /** List conversations, by recency of update */
  @Get()
  @ApiPage(Conversation)
  list(@Owner() owner: OwnerId, @Query() query: ListConversations): Promise<Page<Conversation>> {
    return this.conversations.list(owner, query);
  }

  /** The most recent conversation of an aide */
  @Get('latest')
  @Fails('not_found')
  latest(@Owner() owner: OwnerId, @Query() { aideId }: LatestConversation): Promise<Conversation> {
    return this.conversations.latest(owner, aideId);
  }

  /** Get a conversation */
  @Get(':id')
  get(@Owner() owner: OwnerId, @Id() id: string): Promise<Conversation> {
    return this.conversations.get(owner, id);
  }

  /** Change title and metadata */
  @Patch(':id')
  update(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() patch: UpdateConversation,
    @IfMatch() version: ExpectedVersion,
  ): Promise<Conversation> {
    return this.conversations.update(owner, id, patch, version);
  }

  /** Mark a conversation as used just now */
  @Post(':id/touch')
  @HttpCode(200)
  touch(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @IfMatch() version: ExpectedVersion,
  ): Promise<Conversation> {
    return this.conversations.touch(owner, id, version);
  }

  /** Delete a conversation: into the bin, or for ever with confirmation */
  @Delete(':id')
  @HttpCode(204)
  delete(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Query() { permanent }: DeleteConversation,
    @IfMatch() version: ExpectedVersion,
  ): Promise<void> {
    return permanent
      ? this.conversations.deletePermanently(owner, id, version)
      : this.conversations.delete(owner, id, version);
  }

  /** Restore a conversation from the bin */
  @Post(':id/restore')
  @HttpCode(200)
  restore(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @IfMatch() version: ExpectedVersion,
  ): Promise<Conversation> {
    return this.conversations.restore(owner, id, version);
  }

  /** Delete all messages and keep the conversation */
  @Delete(':id/messages')
  @HttpCode(204)
  clear(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<void> {
    return this.conversations.clear(owner, id, version);
  }
}
