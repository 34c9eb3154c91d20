import type { LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { registerAuthentication } from './auth/authentication.js';
import { TokenVerifier } from './auth/token-verifier.js';
import type { Config } from './config/config.js';
import { Lookups } from './database/lookups.js';
import { RateLimits } from './http/rate-limits.js';
import { registerHttp } from './http/register.js';
import { requestId } from './http/request-id.js';
import { wellFormedUrl } from './http/well-formed-url.js';
import { createDocument } from './http/openapi.js';
import { serveDocument } from './http/swagger-ui.js';

/** The whole service, ready to listen; as the tests see it too. */
export async function createApp(config: Config, databaseUrl: string): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    genReqId: requestId,
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    rewriteUrl: wellFormedUrl,
    trustProxy: config.TRUST_PROXY ?? false,
    routerOptions: { maxParamLength: 16_384 }, // as long as a request line may be: the route's own rules refuse it
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.for(config, databaseUrl), adapter, {
    bodyParser: false,
    abortOnError: false, // whoever started the database stops it first
    logger: logLevels(config.LOG_LEVEL).filter((level) => level !== 'log'), // the framework's own start is of no interest
  });
  const fastify = adapter.getInstance();
  const completeHttp = registerHttp(app, config);
  const limits = new RateLimits(config, app.get(Lookups));
  registerAuthentication(fastify, app.get(TokenVerifier), limits.countRefusal);
  limits.register(fastify);
  serveDocument(app, await createDocument(app));
  try {
    await app.init();
    completeHttp();
    await fastify.ready();
  } catch (error) {
    await app.close(); // its connections would outlive a refused start
    throw error;
  }
  app.useLogger(logLevels(config.LOG_LEVEL));
  return app;
}

const LEVELS: LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];
const PINO_NAMES = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];

const logLevels = (level: string): LogLevel[] => LEVELS.slice(0, PINO_NAMES.indexOf(level) + 1);
