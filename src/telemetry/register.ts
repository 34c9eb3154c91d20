import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { type Finished, onFinished } from './finished.js';
import { Metrics } from './metrics.js';
import { requestLog } from './request-log.js';

/** Logs and counts every request, where the settings want it; to be called before other hooks. */
export function registerTelemetry(app: NestFastifyApplication, config: Config, log: Logger): void {
  const listeners = [];
  if (log.isLevelEnabled('info')) listeners.push(requestLog(log, config.ownerHashKey));
  if (config.METRICS_PORT !== undefined) {
    const metrics = app.get(Metrics);
    listeners.push((request: Finished) => metrics.count(request));
  }
  onFinished(app.getHttpAdapter().getInstance(), listeners);
}
