import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.js';
import { banner } from './banner.js';
import { type Config, loadConfig } from './config/config.js';
import { fail, Failure } from './config/failure.js';
import { originOf } from './config/origin.js';
import { provideDatabase } from './database/provision.js';

/** @returns what stops it all again: the requests in flight are answered, then the database may go */
async function start(): Promise<() => Promise<void>> {
  const config = loadConfig();
  const database = await provideDatabase(config);
  try {
    const app = await createApp(config, database.url);
    await listen(app, config);
    const { port } = app.getHttpServer().address() as { port: number };
    console.log(`\n${await banner(config, originOf(config.HOST, port), database)}\n`);
    return async () => {
      await app.close();
      await database.stop();
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** @throws Failure naming the setting that cannot be listened on */
async function listen(app: NestFastifyApplication, { HOST, PORT }: Config): Promise<void> {
  try {
    await app.getHttpAdapter().getInstance().listen({ port: PORT, host: HOST }); // Nest's own also logs errors
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    await app.close();
    if (code === 'EADDRINUSE')
      throw new Failure(`PORT ${PORT} is in use on ${HOST}: stop what listens there or set another PORT`);
    if (code === 'EACCES') throw new Failure(`PORT ${PORT} needs privileges: set one above 1023`);
    if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL'].includes(code))
      throw new Failure(`HOST ${HOST} is no address of this machine: ${message}`);
    throw error;
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
