import { type Measure, medianOf, ratioOf, alternate } from './load/measure.ts';
import { OPERATIONS } from './load/operations.ts';
import { readLoadOptions } from './load/options.ts';
import { checkSameAnswers } from './load/same-answers.ts';
import { onStage } from './load/stage.ts';
import { type Column, table, TARGETS } from './load/report.ts';
import { setWalls } from './load/walls.ts';
import { describeMachine } from './support/machine.ts';

/**
 * npm run bench [-- --messages … --dir … --operations … --rounds 5 --seconds 4 --connections 8]: the service beside its
 * floor. With --rls-off: beside itself with row-level security off. Exit code 1 where a target is missed.
 */
const { operations, turns, rlsOff, data } = readLoadOptions({ rounds: 5, seconds: 4, connections: 8 });
const other = rlsOff ? 'without' : 'floor';

const COLUMNS: Column[] = [
  { title: 'requests/s', figure: 'rate', digits: 0 },
  { title: 'server CPU µs', figure: 'serverCpu', digits: 0 },
  { title: 'database CPU µs', figure: 'databaseCpu', digits: 0 },
  { title: 'p50 ms', figure: 'p50', digits: 1 },
  { title: 'p95 ms', figure: 'p95', digits: 1 },
  { title: 'p99 ms', figure: 'p99', digits: 1 },
];

await onStage(data, async (stage) => {
  const service = await stage.service();
  const [beside, walls] = rlsOff
    ? [await stage.service('without-walls.ts'), (on: boolean) => () => setWalls(stage.superuser, on)]
    : [await stage.floor(), () => undefined];
  const ours = await stage.side('service', service, walls(true));
  const theirs = await stage.side(other, beside, walls(false));
  console.log(
    `${data.messages} messages, ${turns.connections} connections, ${turns.rounds} rounds of ${turns.seconds} s`,
  );
  console.log(await describeMachine(stage.superuser));
  const measured = new Map<string, [Measure[], Measure[]]>();
  try {
    for (const name of operations) {
      const sides = [ours(name), theirs(name)];
      await checkSameAnswers(name, stage.samples[name]!, sides);
      measured.set(name, (await alternate(sides, turns)) as [Measure[], Measure[]]);
    }
  } finally {
    if (rlsOff) await setWalls(stage.superuser, true);
  }
  let missed = false;
  const rows = [...measured].map(([name, [a, b]]) => {
    const { title, kind } = OPERATIONS[name]!;
    const cells = COLUMNS.map(({ figure, digits }) => {
      const [own, its] = [a, b].map((side) => medianOf(side, figure).toFixed(digits));
      return `${own} / ${its}`;
    });
    const ratios = (['rate', 'serverCpu', 'databaseCpu'] as const).map((figure) => ratioOf(a, b, figure));
    const [rate, cpu] = ratios as [number, number, number];
    const target = rlsOff ? TARGETS.walls : TARGETS[kind];
    const held = cpu <= target && (rlsOff || rate >= TARGETS.rate);
    missed ||= !held;
    return [
      title,
      ...cells,
      ...ratios.map((ratio) => ratio.toFixed(2)),
      `≤ ${target}`,
      held ? 'held' : '**missed**',
    ];
  });
  const titles = COLUMNS.map(({ title }) => title);
  console.log(`\nEach figure: the service / ${rlsOff ? 'itself without row-level security' : 'the floor'}\n`);
  console.log(
    table(
      ['operation', ...titles, '× rate', '× server CPU', '× database CPU', 'target of server CPU', ''],
      rows,
    ),
  );
  process.exitCode = missed ? 1 : 0;
});
