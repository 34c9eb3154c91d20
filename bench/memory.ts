import { peakMemory } from './load/cpu.ts';
import { OPERATIONS } from './load/operations.ts';
import { readLoadOptions } from './load/options.ts';
import { table, TARGETS } from './load/report.ts';
import { onStage } from './load/stage.ts';
import { drive } from './load/wrk.ts';
import { describeMachine } from './support/machine.ts';

/**
 * npm run bench:memory [-- --messages … --dir … --operations … --rounds 3 --seconds 8 --connections 64]: one service under all
 * operations in turn, without a pause. Exit code 1 where it takes too much memory.
 */
const { operations, turns, data } = readLoadOptions({ rounds: 3, seconds: 8, connections: 64 });

await onStage(data, async (stage) => {
  const server = await stage.service();
  const side = await stage.side('service', server);
  const most = () => peakMemory(server.pid).toFixed(0);
  console.log(
    `${data.messages} messages, ${turns.connections} connections, ${turns.seconds} s of each operation`,
  );
  console.log(await describeMachine(stage.superuser));
  const rows = operations.map((name) => [OPERATIONS[name]!.title]);
  const atStart = most();
  for (let round = 0; round < turns.rounds; round++)
    for (const [i, name] of operations.entries()) {
      await drive(server, side(name).file, turns);
      rows[i]!.push(most());
    }
  const rounds = Array.from({ length: turns.rounds }, (_, i) => `round ${i + 1}`);
  console.log(`\nThe most memory resident so far, in MiB; ${atStart} after the start\n`);
  console.log(table(['operation', ...rounds], rows));
  console.log(`\nMost: ${most()} MiB; target < ${TARGETS.memory} MiB`);
  process.exitCode = peakMemory(server.pid) < TARGETS.memory ? 0 : 1;
});
