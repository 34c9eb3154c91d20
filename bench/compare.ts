import { type Figure, type Measure, medianOf, ratioOf, alternate } from './load/measure.ts';
import { OPERATIONS } from './load/operations.ts';
import { readLoadOptions } from './load/options.ts';
import { checkSameAnswers } from './load/same-answers.ts';
import { onStage, type Stage } from './load/stage.ts';
import { type Column, table, TARGETS } from './load/report.ts';
import { setWalls } from './load/walls.ts';
import { describeMachine } from './support/machine.ts';

/**
 * npm run bench [-- --messages … --dir … --operations … --starts 5 --rounds 3 --seconds 2 --connections 8]: the service
 * beside its floor. With --rls-off: beside itself with row-level security off. PostgreSQL and both servers are started
 * anew several times, because one start differs from the next. Exit code 1 where a target is missed.
 */
const { operations, starts, turns, rlsOff, data } = readLoadOptions({
  starts: 5,
  rounds: 3,
  seconds: 2,
  connections: 8,
});
const other = rlsOff ? 'without' : 'floor';

const COLUMNS: Column[] = [
  { title: 'requests/s', figure: 'rate', digits: 0 },
  { title: 'server CPU µs', figure: 'serverCpu', digits: 0 },
  { title: 'database CPU µs', figure: 'databaseCpu', digits: 0 },
  { title: 'p50 ms', figure: 'p50', digits: 1 },
  { title: 'p95 ms', figure: 'p95', digits: 1 },
  { title: 'p99 ms', figure: 'p99', digits: 1 },
];

/** The least and the most of what `ratioOf` is in one start. */
function rangeOf(a: Measure[], b: Measure[], figure: Figure): string {
  const ratios = Array.from({ length: starts }, (_, start) => {
    const of = [start * turns.rounds, (start + 1) * turns.rounds] as const;
    return ratioOf(a.slice(...of), b.slice(...of), figure);
  });
  return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
}

/** By operation, the measures of the service and of what it is compared with. */
const measured = new Map(operations.map((name) => [name, [[], []] as [Measure[], Measure[]]]));

async function measureOneStart(stage: Stage): Promise<void> {
  const service = await stage.service();
  const [beside, walls] = rlsOff
    ? [await stage.service('without-walls.ts'), (on: boolean) => () => setWalls(stage.superuser, on)]
    : [await stage.floor(), () => undefined];
  const ours = await stage.side('service', service, walls(true));
  const theirs = await stage.side(other, beside, walls(false));
  try {
    for (const name of operations) {
      const sides = [ours(name), theirs(name)];
      await checkSameAnswers(name, stage.samples[name]!, sides);
      const of = await alternate(sides, turns);
      measured.get(name)!.forEach((side, i) => side.push(...of[i]!));
    }
  } finally {
    if (rlsOff) await setWalls(stage.superuser, true);
  }
}

console.log(
  `${data.messages} messages, ${turns.connections} connections, ${starts} starts, ${turns.rounds} rounds of ${turns.seconds} s each`,
);
for (let start = 0; start < starts; start++)
  await onStage(data, async (stage) => {
    if (start === 0) console.log(await describeMachine(stage.superuser));
    await measureOneStart(stage);
  });

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
    rangeOf(a, b, 'rate'),
    rangeOf(a, b, 'serverCpu'),
    `≤ ${target}`,
    held ? 'held' : '**missed**',
  ];
});
const titles = COLUMNS.map(({ title }) => title);
console.log(`\nEach figure: the service / ${rlsOff ? 'itself without row-level security' : 'the floor'}\n`);
console.log(
  table(
    [
      'operation',
      ...titles,
      '× rate',
      '× server CPU',
      '× database CPU',
      '× rate by start',
      '× server CPU by start',
      'target of server CPU',
      '',
    ],
    rows,
  ),
);
process.exitCode = missed ? 1 : 0;
