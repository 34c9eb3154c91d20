import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { registerAuthentication } from './auth/authentication.js';
import { TokenVerifier } from './auth/token-verifier.js';
import type { Config } from './config/config.js';
import { isSocketHandshake, registerChatSocket } from './chat/sockets/register.js';
import { SocketTickets } from './chat/sockets/socket-tickets.service.js';
import { Tools } from './chat/tools/tools.service.js';
import { Lookups } from './database/lookups.js';
import { RateLimits } from './http/rate-limits.js';
import { registerHttp } from './http/register.js';
import { requestId } from './http/request-id.js';
import { answerUnparsable } from './http/unparsable.js';
import { wellFormedUrl } from './http/well-formed-url.js';
import { createDocument } from './http/openapi.js';
import { serveDocument } from './http/swagger-ui.js';
import { TIMEOUTS } from './http/timeouts.js';
import { offerDemoTokens } from './page/demo-tokens.js';
import { servePageFiles } from './page/page-files.js';
import { createLog } from './telemetry/log.js';
import { NestLog, StartLog } from './telemetry/nest-log.js';
import { registerTelemetry } from './telemetry/register.js';

/** The whole service, ready to listen; as the tests see it too. */
export async function createApp(
  config: Config,
  databaseUrl: string,
  log = createLog(config),
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    genReqId: requestId,
    requestIdHeader: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // answered by the drain, as a problem
    ...TIMEOUTS,
    http: { ...TIMEOUTS.http, shouldUpgradeCallback: isSocketHandshake },
    skipMiddie: true, // there is no middleware
    rewriteUrl: wellFormedUrl,
    trustProxy: config.TRUST_PROXY ?? false,
    clientErrorHandler: answerUnparsable,
    routerOptions: { maxParamLength: 16_384 }, // as long as a request line may be: the route's own rules refuse it
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.for(config, databaseUrl), adapter, {
    bodyParser: false,
    abortOnError: false, // whoever started the database stops it first
    logger: new StartLog(log),
  });
  const fastify = adapter.getInstance();
  registerTelemetry(app, config, log);
  const completeHttp = await registerHttp(app, config);
  const limits = new RateLimits(config, app.get(Lookups));
  registerAuthentication(fastify, app.get(TokenVerifier), app.get(SocketTickets).take, limits.countRefusal);
  limits.register(fastify);
  registerChatSocket(app, config, limits.countMessage);
  serveDocument(app, await createDocument(app));
  servePageFiles(fastify);
  offerDemoTokens(fastify, config);
  app.get(Tools).describe(app);
  try {
    await app.init();
    completeHttp();
    await fastify.ready();
  } catch (error) {
    await app.close(); // its connections would outlive a refused start
    throw error;
  }
  app.useLogger(new NestLog(log));
  return app;
}
