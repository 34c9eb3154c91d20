import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { Public } from '../../auth/public.decorator.js';
import { ApiHtmlPage } from '../../http/html-page.js';
import { Fails } from '../../http/openapi.decorators.js';
import { PublishingService } from '../publishing.service.js';
import { aidePage } from './aide.page.js';

@Controller('a')
export class PublicPageController {
  constructor(private readonly publishing: PublishingService) {}

  /** Read a published aide as a page; no token needed */
  @Get(':slug')
  @Public()
  @Header('Cache-Control', 'public, max-age=60')
  @ApiParam({ name: 'slug', example: 'travel-planner' })
  @ApiHtmlPage()
  @Fails('not_found')
  async get(@Param('slug') slug: string): Promise<string> {
    return aidePage(await this.publishing.published(slug));
  }
}
