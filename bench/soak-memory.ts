import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { Load } from './soak/load.ts';
import { connected } from './support/database.ts';
import { describeMachine } from './support/machine.ts';
import { type Reading, startProcess } from './support/process.ts';
import { slopeOf } from './support/slope.ts';

/**
 * npm run soak:memory [-- --minutes 10 --warm-up 5 --rate 300]: exit code 1 where the memory of the service, after a full
 * garbage collection, grows by TARGET or more. Owners keep no more than so many rows, so that growing data is no part of it.
 */
const OWNERS = 40;
const HANG_UPS = 0.1;
const EVERY = 5000; // milliseconds
const TARGET = 0.5; // MB a minute
const MOST = 500; // requests at once; with more, the machine was too busy for a measurement
const MB = 2 ** 20;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '5' },
    rate: { type: 'string', default: '300' },
  },
});
const minutes = Number(values.minutes);
const warmUp = Number(values['warm-up']);
const rate = Number(values.rate);

await withThrowawayDatabase(async ({ app, superuser }) => {
  const service = await startProcess(app, { LOG_LEVEL: 'info' });
  const load = await Load.of(service, OWNERS, HANG_UPS);
  const start = performance.now();
  const past = () => (performance.now() - start) / 60_000;
  const readings: { at: number; reading: Reading }[] = [];
  const loading = load.steady(rate, (warmUp + minutes) * 60);
  while (past() < warmUp + minutes) {
    readings.push({ at: past(), reading: await service.read() });
    await sleep(EVERY);
  }
  const most = await loading;
  load.close();
  await service.stop();

  const { watch } = load;
  const warm = readings.filter(({ at }) => at >= warmUp);
  console.log(`${await connected(superuser, describeMachine)}\n`);
  console.log(`${rate} requests a second for ${minutes} minutes after ${warmUp} for warming up, at most ${most} at once;
MB at each minute:`);
  for (const measure of ['rss', 'heapUsed'] as const) {
    const points = warm.map(({ at, reading }) => [at, reading[measure] / MB] as const);
    const { slope, error } = slopeOf(points);
    const held = slope < TARGET;
    const minutely = readings.filter(({ at }, i) => Math.floor(at) !== Math.floor(readings[i - 1]?.at ?? -1));
    console.log(`${measure}: ${minutely.map(({ reading }) => (reading[measure] / MB).toFixed(1)).join(' ')}
  ${slope.toFixed(3)} ± ${error.toFixed(3)} MB a minute; target < ${TARGET}: ${held ? 'held' : 'missed'}`);
    if (!held) process.exitCode = 1;
  }
  if (most > MOST) {
    console.log('the service did not keep up: requests that wait are most of the memory; try a lower --rate');
    process.exitCode = 1;
  }
  console.log(`answers: ${watch.summary()}`);
  console.log(`${watch.violated} wrong answers\n${watch.violations.join('\n')}`);
  if (watch.violated > 0) process.exitCode = 1;
}, true);
