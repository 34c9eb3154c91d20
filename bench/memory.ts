import { peakMemory } from './load/cpu.ts';
import { median } from './load/measure.ts';
import { readLoadOptions } from './load/options.ts';
import { onStage } from './load/stage.ts';
import { table, TARGETS } from './load/report.ts';
import { drive } from './load/wrk.ts';
import { describeMachine } from './support/machine.ts';

/**
 * npm run bench:memory [-- --messages … --dir … --operations … --starts 5 --rounds 3 --seconds 8 --connections 64]: one
 * service under all operations in turn, without a pause, started anew several times. Exit code 1 where it takes too much
 * memory in the middle one of its starts.
 */
const { operations, starts, turns, data } = readLoadOptions({
  starts: 5,
  rounds: 3,
  seconds: 8,
  connections: 64,
});

/** The most memory resident so far, in MiB: after each start, and after each of its rounds. */
const measured: number[][] = [];

for (let start = 0; start < starts; start++)
  await onStage(data, async (stage) => {
    const server = await stage.service();
    const side = await stage.side('service', server);
    if (start === 0) {
      const load = `${turns.connections} connections, ${starts} starts, ${turns.seconds} s of each operation a round`;
      console.log(`${data.messages} messages, ${load}`);
      console.log(await describeMachine(stage.superuser));
    }
    const most = [peakMemory(server.pid)];
    for (let round = 0; round < turns.rounds; round++) {
      for (const name of operations) {
        await drive(server, side(name).file, turns);
        server.emptyLog();
      }
      most.push(peakMemory(server.pid));
    }
    measured.push(most);
  });

const rounds = Array.from({ length: turns.rounds }, (_, i) => `round ${i + 1}`);
const rows = measured.map((most, i) => [`start ${i + 1}`, ...most.map((mib) => mib.toFixed(1))]);
const middle = median(measured.map((most) => most.at(-1)!));
console.log('\nThe most memory resident so far, in MiB\n');
console.log(table(['', 'at rest', ...rounds], rows));
console.log(`\nMedian of the starts: ${middle.toFixed(1)} MiB; target < ${TARGETS.memory} MiB`);
process.exitCode = middle < TARGETS.memory ? 0 : 1;
