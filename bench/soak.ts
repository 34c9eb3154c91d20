import { parseArgs } from 'node:util';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { Load } from './soak/load.ts';
import { compareStored } from './soak/stored.ts';
import { connected } from './support/database.ts';
import { describeMachine } from './support/machine.ts';
import { startProcess } from './support/process.ts';

/** npm run soak [-- --requests 100000]: exit code 1 where anything was seen, stored or lost that should not be. */
const OWNERS = 40;
const POOL = 5; // connections to the database
const AT_ONCE = 40; // requests
const HANG_UPS = 0.1;

const { values } = parseArgs({ options: { requests: { type: 'string', default: '100000' } } });
const requests = Number(values.requests);
if (!Number.isInteger(requests) || requests < 1) throw new Error('--requests must be a whole number');

await withThrowawayDatabase(async ({ app, superuser: url }) => {
  const service = await startProcess(app, { DATABASE_POOL_SIZE: String(POOL), LOG_LEVEL: 'error' });
  const load = await Load.of(service, OWNERS, HANG_UPS);
  const start = performance.now();
  await load.run(requests, AT_ONCE);
  const seconds = (performance.now() - start) / 1000;
  const { dirtyReleases } = await service.read();
  load.close();
  await service.stop();

  await connected(url, async (superuser) => {
    const read = async <Row extends object>(sql: string, params: unknown[]) =>
      (await superuser.query<Row>(sql, params)).rows;
    const { watch, owners, hungUp } = load;
    const lost = await compareStored(owners, read);
    console.log(`${await describeMachine(superuser)}

${requests} requests of ${OWNERS} owners, ${AT_ONCE} at once, over ${POOL} connections: ${seconds.toFixed(0)} s,
${hungUp} clients hung up; ${watch.seen.replays} creations asked for again had been done. ${watch.seen.marks} marks and ${watch.seen.ids} ids in the answers.
Answers: ${watch.summary()}
Asked for: ${owners.flatMap(({ things }) => things).length} things

${watch.violated} wrong answers
${lost.length} differences between what is stored and what was acknowledged
${dirtyReleases} dirty releases
${[...watch.violations, ...lost.slice(0, 20)].join('\n')}`);
    process.exitCode = watch.violated + lost.length + dirtyReleases > 0 ? 1 : 0;
  });
}, true);
