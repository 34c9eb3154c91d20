import { parseArgs } from 'node:util';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { startFlood } from './soak/flood.ts';
import { Load } from './soak/load.ts';
import { connected } from './support/database.ts';
import { Latencies } from './support/latencies.ts';
import { describeMachine } from './support/machine.ts';
import { startProcess } from './support/process.ts';

/**
 * npm run soak:flood [-- --rounds 3 --seconds 60]: the latency of quiet owners, in rounds alone and beside one that floods,
 * with the limit at its default and, for comparison, without. Exit code 1 where the p99 is more than TARGET times as high.
 */
const QUIET = 4; // owners; together
const RATE = 20; // requests a second, below the limit of each
const WARM_UP = 10; // seconds
const TARGET = 2;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '60' } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];

/** @returns how many times as high the p99 is beside the flood, in the median of the rounds: one may have met a busy machine */
async function compare(name: string, databaseUrl: string, settings: NodeJS.ProcessEnv): Promise<number> {
  const service = await startProcess(databaseUrl, settings);
  const load = await Load.of(service, QUIET, 0);
  const token = await service.mint(`flood ${name}`);
  const measure = async () => {
    const latencies = new Latencies();
    await load.steady(RATE, seconds, latencies);
    return latencies;
  };
  console.log(`\n${name}`);
  await load.steady(RATE, WARM_UP);
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const alone = await measure();
    const flood = await startFlood(service.port, token);
    const flooded = await measure();
    const answers = await flood.stop();
    const ratio = flooded.percentile(0.99) / alone.percentile(0.99);
    ratios.push(ratio);
    console.log(`${show(alone)} → ${show(flooded)}: × ${ratio.toFixed(2)}; flood ${JSON.stringify(answers)}`);
  }
  load.close();
  await service.stop();
  console.log(`${load.watch.violated} wrong answers ${load.watch.violations.join('\n')}`);
  if (load.watch.violated > 0) process.exitCode = 1;
  return ratios.toSorted((a, b) => a - b)[Math.trunc(rounds / 2)]!;
}

const show = (latencies: Latencies) =>
  [50, 95, 99].map((share) => `p${share} ${latencies.percentile(share / 100).toFixed(1)} ms`).join(', ');

await withThrowawayDatabase(async ({ app, superuser }) => {
  console.log(await connected(superuser, describeMachine));
  const ratio = await compare('limit at its default', app, { RATE_LIMIT: '' });
  const held = ratio <= TARGET;
  console.log(`p99 × ${ratio.toFixed(2)}; target at most × ${TARGET}: ${held ? 'held' : 'missed'}`);
  if (!held) process.exitCode = 1;
  console.log(`p99 × ${(await compare('without a limit', app, {})).toFixed(2)}`);
}, true);
