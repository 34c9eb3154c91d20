import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
import { registerAnswers } from './answers.js';
import { registerBodyRules } from './body.js';
import { registerCors } from './cors.js';
import { CursorCodec, registerCursors } from './cursor.js';
import { registerDrain } from './drain.js';
import { isPagePath, registerPages } from './html-page.js';
import { registerIdempotency } from './idempotent-handlers.js';
import { registerMethods } from './methods.js';
import { isApiPath } from './paths.js';
import { registerCommonHeaders } from './request-id.js';
import { registerSlowReaders } from './timeouts.js';

/**
 * The HTTP contract, for every route of the application; to be called before the routes exist.
 * @returns what is to be called once they do
 */
export async function registerHttp(app: NestFastifyApplication, config: Config): Promise<() => void> {
  const fastify = app.getHttpAdapter().getInstance();
  const codec = new CursorCodec(config.cursorKey);
  await registerCors(fastify, config.corsOrigins);
  registerCommonHeaders(fastify);
  registerDrain(fastify);
  registerSlowReaders(fastify);
  registerBodyRules(fastify);
  registerCursors(fastify, codec);
  registerPages(fastify);
  registerAnswers(fastify, codec);
  registerIdempotency(app);
  fastify.addHook('onRoute', (route) => {
    if (route.url.startsWith('/docs') || route.url.startsWith('/openapi'))
      route.config = { ...route.config, public: true };
    if (isPagePath(route.url)) route.config = { ...route.config, html: true };
    else if (!isApiPath(route.url)) route.config = { unlimited: true, ...route.config };
  });
  return registerMethods(fastify);
}
