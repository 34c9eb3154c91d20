import 'reflect-metadata';
import { createApp } from './app.js';
import { banner } from './banner.js';
import { ConfigError, loadConfig } from './config/config.js';
import { provideDatabase } from './database/provision.js';

async function start(): Promise<void> {
  const config = loadConfig();
  const database = await provideDatabase(config);
  try {
    const app = await createApp(config, database.url);
    await app.listen(config.PORT, config.HOST);
    let stopping = false;
    const stop = async () => {
      if (stopping) return;
      stopping = true;
      await app.close(); // the requests in flight are answered, then the pool is closed
      await database.stop();
      process.exit(0);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
    const { port } = app.getHttpServer().address() as { port: number };
    console.log(`\n${await banner(config, `http://${config.HOST}:${port}`, database)}\n`);
  } catch (error) {
    await database.stop();
    throw error;
  }
}

start().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
  setTimeout(() => process.exit(), 100).unref();
});
