import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Header } from '@nestjs/common';
import { DEMO_OWNERS } from '../auth/mint-token.js';
import { Public } from '../auth/public.decorator.js';
import { Config } from '../config/config.js';
import { ApiHtmlPage } from '../http/html-page.js';
import { PAGE_HEADERS, PUBLIC } from './page-files.js';

const PAGE = readFileSync(join(PUBLIC, 'index.html'), 'utf8');

@Controller()
export class PageController {
  private readonly page: string;

  constructor({ demo }: Config) {
    this.page = demo ? PAGE.replace('data-demo=""', `data-demo="${DEMO_OWNERS.join(' ')}"`) : PAGE;
  }

  /** Try the service: a page that chats, and shows what comes of it; no token needed to load it */
  @Get()
  @Public()
  @Header('Cache-Control', PAGE_HEADERS['Cache-Control'])
  @Header('Content-Security-Policy', PAGE_HEADERS['Content-Security-Policy'])
  @ApiHtmlPage('A page with scripts of its own and nothing from elsewhere')
  get(): string {
    return this.page;
  }
}
