import { createApp } from '#dist/app.js';
import { loadConfig } from '#dist/config/config.js';
import { dirtyReleases } from '#dist/database/data-source.js';

/**
 * What `startProcess` starts: the service, which answers each message with a reading of itself. JavaScript, because what
 * takes types away takes 17 MB of memory.
 */
const config = loadConfig(process.env);
const app = await createApp(config, config.DATABASE_URL);
await app.listen(0, '127.0.0.1');

process.on('message', () => {
  globalThis.gc();
  process.send({ ...process.memoryUsage(), dirtyReleases: dirtyReleases.count });
});
process.once('SIGTERM', () => void app.close().then(() => process.exit()));
process.once('disconnect', () => process.exit()); // whoever started it is gone
process.send({ port: app.getHttpServer().address().port });
