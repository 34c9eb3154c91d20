import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { ExpectedVersion } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import { Id } from '../http/id.decorator.js';
import { ApiPage, Fails } from '../http/openapi.decorators.js';
import { IfMatch } from '../http/preconditions.js';
import { type Retry, RetryKey } from '../http/retry.js';
import {
  ClaimedMapping,
  CreateSignalMapping,
  ListSignalMappings,
  UpdateSignalMapping,
} from './signal-mapping.dto.js';
import { SignalMapping } from './signal-mapping.entity.js';
import { SignalMappingsService } from './signal-mappings.service.js';

@Controller('v1/signal-mappings')
export class SignalMappingsController {
  constructor(private readonly mappings: SignalMappingsService) {}

  /** Claim a phone number for an aide */
  @Post()
  @Fails('phone_taken', 'reference_not_found')
  create(
    @Owner() owner: OwnerId,
    @Body() mapping: CreateSignalMapping,
    @RetryKey() retry?: Retry,
  ): Promise<ClaimedMapping> {
    return this.mappings.create(owner, mapping, retry);
  }

  /** List your numbers */
  @Get()
  @ApiPage(SignalMapping)
  list(@Owner() owner: OwnerId, @Query() query: ListSignalMappings): Promise<Page<SignalMapping>> {
    return this.mappings.list(owner, query);
  }

  /** Get a mapping */
  @Get(':id')
  get(@Owner() owner: OwnerId, @Id() id: string): Promise<SignalMapping> {
    return this.mappings.get(owner, id);
  }

  /** Move a number to another conversation */
  @Patch(':id')
  @Fails('reference_not_found')
  update(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() patch: UpdateSignalMapping,
    @IfMatch() version: ExpectedVersion,
  ): Promise<SignalMapping> {
    return this.mappings.update(owner, id, patch, version);
  }

  /** Get a new pairing code, in the place of the last one */
  @Post(':id/pairing-code')
  @HttpCode(200)
  @Fails('invalid_state')
  issueCode(@Owner() owner: OwnerId, @Id() id: string): Promise<ClaimedMapping> {
    return this.mappings.issueCode(owner, id);
  }

  /** Let go of a number */
  @Delete(':id')
  @HttpCode(204)
  delete(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<void> {
    return this.mappings.delete(owner, id, version);
  }
}
