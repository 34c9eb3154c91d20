import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.js';
import { banner } from './banner.js';
import { type Config, loadConfig } from './config/config.js';
import { fail, listenFailure } from './config/failure.js';
import { originOf } from './config/origin.js';
import { provideDatabase } from './database/provision.js';
import { createLog } from './telemetry/log.js';
import { MetricsServer } from './telemetry/metrics-server.js';

/** Milliseconds. Statements whose requests were cut off may run on; as the process ends, they are rolled back. */
const LONGEST_DRAIN = 8000;

/** @returns what stops it all again: the requests in flight are answered, then the database may go */
async function start(): Promise<() => Promise<void>> {
  const config = loadConfig();
  const log = createLog(config);
  const database = await provideDatabase(config);
  try {
    const app = await createApp(config, database.url, log);
    await listen(app, config);
    const { port } = app.getHttpServer().address() as { port: number };
    const origins = { api: originOf(config.HOST, port), metrics: metricsOrigin(app, config) };
    console.log(`\n${await banner(config, origins, database)}\n`);
    return async () => {
      await Promise.race([app.close(), sleep(LONGEST_DRAIN, undefined, { ref: false })]);
      await database.stop();
      await new Promise((done) => log.flush(done));
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

const metricsOrigin = (app: NestFastifyApplication, { HOST, METRICS_PORT }: Config) =>
  METRICS_PORT === undefined ? undefined : originOf(HOST, app.get(MetricsServer).port);

/** @throws Failure naming the setting that cannot be listened on */
async function listen(app: NestFastifyApplication, { HOST, PORT }: Config): Promise<void> {
  try {
    await app.getHttpAdapter().getInstance().listen({ port: PORT, host: HOST }); // Nest's own also logs errors
  } catch (error) {
    await app.close();
    throw listenFailure(error, `PORT ${PORT}`, HOST);
  }
}

const started = start();
started.catch(fail);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    // A start is finished first: half of one would leave the database running.
    started.then((stop) => stop()).then(() => process.exit(0), fail);
  });
