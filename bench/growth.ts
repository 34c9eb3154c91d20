import { join } from 'node:path';
import { peakMemory } from './load/cpu.ts';
import { alternate, type Measure, median, medianOf, ratioOf, type Side } from './load/measure.ts';
import { OPERATIONS } from './load/operations.ts';
import { readLoadOptions } from './load/options.ts';
import { table, TARGETS } from './load/report.ts';
import { onStage, type Stage } from './load/stage.ts';
import type { Server } from './load/servers.ts';
import { dataDir, SIZES } from './support/options.ts';
import { describeMachine } from './support/machine.ts';

/**
 * npm run bench:growth [-- --operations … --starts 5 --rounds 2 --seconds 2 --dir …]: the service on 10,000, 100,000 and
 * 1,000,000 messages, in turn, at 64, 8 and 1 connections, and all of it anew for each start. Exit code 1 where the
 * largest costs too much more than the smallest, or the services take too much memory at the median. With --dir, each
 * size has a folder below it.
 */
const CONNECTIONS = [64, 8, 1];
const { operations, starts, turns, folder } = readLoadOptions({
  starts: 5,
  rounds: 2,
  seconds: 2,
  connections: 1,
});

type Sides = { stage: Stage; server: Server; side: (operation: string) => Side }[];

/** Opens a stage for each size, all at once, and runs `work` on them. */
async function onAll(
  sizes: number[],
  work: (sides: Sides) => Promise<void>,
  sides: Sides = [],
): Promise<void> {
  const [messages, ...more] = sizes;
  if (!messages) return work(sides);
  const data = { messages, dir: folder ? join(folder, String(messages)) : dataDir(messages) };
  await onStage(data, async (stage) => {
    const server = await stage.service();
    await onAll(more, work, [...sides, { stage, server, side: await stage.side('service', server) }]);
  });
}

const both = ({ serverCpu, databaseCpu, ...rest }: Measure): Measure => ({
  ...rest,
  serverCpu: serverCpu + databaseCpu,
  databaseCpu,
});

/** The measures of each size, of every number of connections and operation. */
const measured = CONNECTIONS.flatMap((connections) =>
  operations.map((name) => ({ connections, name, bySize: SIZES.map((): Measure[] => []) })),
);
const memory: number[] = [];

for (let start = 0; start < starts; start++)
  await onAll(SIZES, async (sides) => {
    if (start === 0) console.log(await describeMachine(sides[0]!.stage.superuser));
    for (const { connections, name, bySize } of measured) {
      const of = await alternate(
        sides.map(({ side }) => side(name)),
        { ...turns, connections },
        connections !== CONNECTIONS[0],
      );
      bySize.forEach((size, i) => size.push(...of[i]!));
    }
    memory.push(...sides.map(({ server }) => peakMemory(server.pid)));
  });

let missed = median(memory) >= TARGETS.memory;
const rows = measured.map(({ connections, name, bySize }) => {
  const [smallest, largest] = [bySize[0]!.map(both), bySize.at(-1)!.map(both)];
  const growth = ratioOf(largest, smallest, 'serverCpu');
  const cells = bySize.map((of) =>
    [medianOf(of, 'rate'), medianOf(of, 'serverCpu'), medianOf(of, 'databaseCpu')]
      .map(Math.round)
      .join(' / '),
  );
  missed ||= growth > TARGETS.growth;
  return [OPERATIONS[name]!.title, String(connections), ...cells, growth.toFixed(2)];
});
const sizes = SIZES.map((size) => `${size.toLocaleString('en')} messages`);
console.log(
  '\nEach figure: requests/s / server CPU µs / database CPU µs; growth: both CPUs, the largest × the smallest\n',
);
console.log(table(['operation', 'connections', ...sizes, `growth (≤ ${TARGETS.growth})`], rows));
console.log(
  `\nMost memory resident: ${memory.map(Math.round).join(', ')} MiB, median ${median(memory).toFixed(1)}; target < ${TARGETS.memory} MiB`,
);
process.exitCode = missed ? 1 : 0;
