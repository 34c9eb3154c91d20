import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { SAFE_HEADERS } from '../http/html-page.js';

/** As it stands in the repository: the page is written for browsers, and nothing builds it. */
export const PUBLIC = join(import.meta.dirname, '../../public');

const PREFIX = '/page/';

/** Its own scripts, style and picture, its own API, and no text that becomes HTML. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A new version is seen at once: what is kept is asked for, by its ETag. */
export const PAGE_HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
};

/** What the page loads, each file a route of its own: any other path stays closed. */
export function servePageFiles(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (route.url.startsWith(PREFIX)) route.config = { ...route.config, public: true };
  });
  void fastify.register(fastifyStatic, {
    root: PUBLIC,
    prefix: PREFIX,
    wildcard: false,
    index: false,
    globIgnore: ['index.html', 'tsconfig.json'],
    decorateReply: false,
    cacheControl: false,
    setHeaders: (reply) => {
      void reply.headers({ ...PAGE_HEADERS, ...SAFE_HEADERS });
    },
  });
}
