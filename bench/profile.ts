import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf } from './load/cpu.ts';
import { largest, profileOf, selfTimes } from './load/cpu-profile.ts';
import { OPERATIONS } from './load/operations.ts';
import { readLoadOptions } from './load/options.ts';
import { table } from './load/report.ts';
import { onStage } from './load/stage.ts';
import { type Side, warmUp } from './load/measure.ts';
import { drive } from './load/wrk.ts';

/**
 * npm run bench:profile [-- --operations get-message --seconds 10 --connections 8 --messages … --dir …]: where the
 * service's CPU time goes, beside the floor's: µs a request by package, then by function. The profile samples by the wall
 * clock; its shares are of the CPU time that the kernel counted, so that waiting for a core is not in them.
 */
const { operations, turns, data } = readLoadOptions({ rounds: 1, seconds: 10, connections: 8 });
const { connections, seconds } = turns;

async function profile(side: Side) {
  const { server, file } = side;
  const output = profileOf(server.pid);
  await warmUp(side, connections);
  const before = cpuOf(server.pid);
  const { requests } = await drive(server, file, { connections, seconds });
  const cpu = cpuOf(server.pid) - before; // without the profiler's own
  process.kill(server.pid, 'SIGUSR2');
  await drive(server, file, { connections, seconds });
  process.kill(server.pid, 'SIGUSR2');
  while (!existsSync(output)) await sleep(50);
  const spent = selfTimes(JSON.parse(readFileSync(output, 'utf8')) as Profiler.Profile);
  rmSync(output);
  return { ...spent, cpu: cpu / requests, sampled: sum(spent.packages) };
}

const sum = (sums: Map<string, number>) => [...sums.values()].reduce((a, b) => a + b, 0);

type Profiled = Awaited<ReturnType<typeof profile>>;

function beside(
  title: string,
  by: 'packages' | 'functions',
  ours: Profiled,
  theirs: Profiled,
  rows: string[][] = [],
): string {
  const cost = (side: Profiled, part: string) =>
    (((side[by].get(part) ?? 0) / side.sampled) * side.cpu).toFixed(1);
  const parts = largest(ours[by]).map((part) => [`\`${part}\``, cost(ours, part), cost(theirs, part)]);
  return table([title, 'service µs', 'floor µs'], [...rows, ...parts]);
}

await onStage(data, async (stage) => {
  const service = await stage.side('service', await stage.service('profiler.ts'));
  const floor = await stage.side('floor', await stage.floor('profiler.ts'));
  for (const name of operations) {
    const [ours, theirs] = [await profile(service(name)), await profile(floor(name))];
    console.log(`\n## ${OPERATIONS[name]!.title}\n`);
    console.log(
      beside('package', 'packages', ours, theirs, [['all', ours.cpu.toFixed(1), theirs.cpu.toFixed(1)]]),
    );
    console.log(`\n${beside('function', 'functions', ours, theirs)}`);
  }
});
