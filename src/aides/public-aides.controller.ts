import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { Public } from '../auth/public.decorator.js';
import { Fails } from '../http/openapi.decorators.js';
import { PublicAide } from './aide.dto.js';
import { PublishingService } from './publishing.service.js';

@Controller('v1/public/aides')
export class PublicAidesController {
  constructor(private readonly publishing: PublishingService) {}

  /** Read a published aide; no token needed */
  @Get(':slug')
  @Public()
  @Header('Cache-Control', 'public, max-age=60')
  @ApiParam({ name: 'slug', example: 'travel-planner' })
  @Fails('not_found')
  get(@Param('slug') slug: string): Promise<PublicAide> {
    return this.publishing.published(slug);
  }
}
