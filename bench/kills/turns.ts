import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelServer } from '../../test/support/model-server.ts';
import { mintToken } from '#dist/auth/mint-token.js';
import { loadConfig } from '#dist/config/config.js';
import { startEmbedded } from '#dist/database/embedded.js';
import { migrate } from '#dist/database/migrate.js';
import { createDatabase } from '#dist/database/provision.js';
import { KillableService } from './killable-service.ts';
import { addsTask } from './task-model.ts';
import { TurnClient } from './turn-client.ts';

const SECRET = 'a secret of the kills, longer than 32 bytes';
const LATEST = 1800; // milliseconds into a turn that takes about two seconds

export interface TurnKills {
  kills: number;
  /** A line for each thing that is not as it must be. */
  faults: string[];
  /** Of each turn, the longest time in which its client saw nothing, in milliseconds. */
  silences: number[];
}

/**
 * Two instances and a model; each turn's instance is killed with SIGKILL at a random point of it, and started again. Clients
 * follow on both, and go on wherever their stream breaks.
 * @param dir the folder of the database's server
 */
export async function runTurnKills(dir: string, kills: number): Promise<TurnKills> {
  const server = await startEmbedded(dir);
  const model = await ModelServer.start();
  model.otherwise = addsTask;
  const services: KillableService[] = [];
  try {
    const urls = await createDatabase(server.url, 'assistant');
    await migrate(urls.migration, urls.app);
    const settings = { MODEL_BASE_URL: model.url, MODEL_NAME: 'test' };
    for (let i = 0; i < 2; i++) services.push(await KillableService.start(urls.app, SECRET, settings));
    const origins = services.map(({ origin }) => origin);
    const config = loadConfig({ NODE_ENV: 'test', JWT_SECRET: SECRET });
    const clients: TurnClient[] = [];
    const following: Promise<void>[] = [];
    for (let i = 0; i < kills; i++) {
      const client = new TurnClient(origins, await mintToken(config, `owner ${i}`));
      await client.begin(i % 2);
      clients.push(client);
      following.push(client.follow());
      await sleep(randomInt(LATEST));
      await services[i % 2]!.end('SIGKILL');
      await services[i % 2]!.startAgain();
    }
    await Promise.all(following);
    const faults: string[] = [];
    for (const [i, client] of clients.entries())
      faults.push(...(await client.faults()).map((fault) => `turn ${i}: ${fault}`));
    return { kills, faults, silences: clients.map(({ longestSilence }) => longestSilence) };
  } finally {
    await Promise.all(services.map((service) => service.end('SIGTERM')));
    await model.close();
    await server.stop();
  }
}
