import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { createApp } from '../app.js';
import { runAs } from '../auth/owner-context.js';
import { type OwnerId, toOwnerId } from '../auth/owner-id.js';
import { type Config, loadConfig } from '../config/config.js';
import { fail, Failure } from '../config/failure.js';
import { RowNotFound } from '../database/errors.js';
import { provideDatabase } from '../database/provision.js';
import type { Tier } from '../users/user.entity.js';
import { AIDE_LIMITS, UsersService } from '../users/users.service.js';
import { readOptions } from './arguments.js';

const TIERS = Object.keys(AIDE_LIMITS) as Tier[];
const USAGE = `npm run tier -- --sub <owner> --tier <${TIERS.join('|')}>`;

/** The operator's command: on DATABASE_URL or, without it, on the embedded server, whether it runs or not. */
async function changeTier(): Promise<void> {
  const options = readOptions(USAGE, ['sub', 'tier']);
  const owner = toOwnerId(options.sub);
  if (!owner) throw new Failure(`--sub must be an owner, 1 to 255 bytes\nusage: ${USAGE}`);
  const tier = TIERS.find((known) => known === options.tier);
  if (!tier) throw new Failure(`--tier must be ${TIERS.join(' or ')}\nusage: ${USAGE}`);
  const config = loadConfig();
  const database = await provideDatabase({ ...config, MIGRATION_DATABASE_URL: undefined }); // a tier is no reason to migrate
  try {
    // The port of the metrics is the running service's.
    await setTier({ ...config, LOG_LEVEL: 'error', METRICS_PORT: undefined }, database.url, owner, tier);
  } finally {
    await database.stop();
  }
}

async function setTier(config: Config, databaseUrl: string, owner: OwnerId, tier: Tier): Promise<void> {
  const app = await createApp(config, databaseUrl);
  try {
    const users = app.get(UsersService);
    await runAs(owner, `tier-${randomUUID()}`, async () => {
      const before = await users.me(owner).catch(unlessUnknown);
      await users.setTier(owner, tier);
      console.log(`${owner}: ${before?.tier ?? 'not seen before'} → ${tier}`);
    });
  } finally {
    await app.close();
  }
}

/** An owner may be given a tier before the first request. */
function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof RowNotFound)) throw error;
}

changeTier().catch(fail);
