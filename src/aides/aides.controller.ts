import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { ExpectedVersion } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import { Id } from '../http/id.decorator.js';
import { ApiPage, Fails } from '../http/openapi.decorators.js';
import { PageQuery } from '../http/page.dto.js';
import { IfMatch } from '../http/preconditions.js';
import {
  AideCount,
  CountAides,
  CreateAide,
  IncludeState,
  ListAides,
  PublishAide,
  UpdateAide,
} from './aide.dto.js';
import { Aide } from './aide.entity.js';
import { AidesService } from './aides.service.js';
import { Publication } from './publication.entity.js';
import { PublishingService } from './publishing.service.js';

@Controller('v1/aides')
export class AidesController {
  constructor(
    private readonly aides: AidesService,
    private readonly publishing: PublishingService,
  ) {}

  /** Create an aide */
  @Post()
  @Fails('tier_limit_exceeded')
  create(@Owner() owner: OwnerId, @Body() aide: CreateAide): Promise<Aide> {
    return this.aides.create(owner, aide);
  }

  /** List aides, newest update first */
  @Get()
  @ApiPage(Aide)
  list(@Owner() owner: OwnerId, @Query() query: ListAides): Promise<Page<Aide>> {
    return this.aides.list(owner, query);
  }

  /** Count aides */
  @Get('count')
  async count(@Owner() owner: OwnerId, @Query() { status }: CountAides): Promise<AideCount> {
    return { count: await this.aides.count(owner, status) };
  }

  /** Get an aide */
  @Get(':id')
  get(@Owner() owner: OwnerId, @Id() id: string, @Query() { include }: IncludeState): Promise<Aide> {
    return this.aides.get(owner, id, include);
  }

  /** Change the title */
  @Patch(':id')
  update(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() patch: UpdateAide,
    @IfMatch() version: ExpectedVersion,
  ): Promise<Aide> {
    return this.aides.update(owner, id, patch, version);
  }

  /** Archive an aide; a published one is taken down */
  @Post(':id/archive')
  @HttpCode(200)
  archive(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<Aide> {
    return this.aides.archive(owner, id, version);
  }

  /** Bring an archived aide back as a draft */
  @Post(':id/unarchive')
  @HttpCode(200)
  @Fails('tier_limit_exceeded')
  unarchive(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<Aide> {
    return this.aides.unarchive(owner, id, version);
  }

  /** Take the public page down and free the slug */
  @Post(':id/unpublish')
  @HttpCode(200)
  unpublish(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<Aide> {
    return this.publishing.unpublish(owner, id, version);
  }

  /** Publish the current title and state under a slug */
  @Post(':id/publish')
  @HttpCode(200)
  @Fails('slug_taken', 'invalid_state')
  publish(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() { slug }: PublishAide,
    @IfMatch() version: ExpectedVersion,
  ): Promise<Aide> {
    return this.publishing.publish(owner, id, slug, version);
  }

  /** List what has been published of an aide, newest first */
  @Get(':id/publications')
  @ApiPage(Publication)
  publications(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Query() query: PageQuery,
  ): Promise<Page<Publication>> {
    return this.publishing.list(owner, id, query);
  }

  /** Delete an aide for ever; its conversations stay */
  @Delete(':id')
  @HttpCode(204)
  delete(@Owner() owner: OwnerId, @Id() id: string, @IfMatch() version: ExpectedVersion): Promise<void> {
    return this.aides.delete(owner, id, version);
  }
}
