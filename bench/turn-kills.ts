import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runTurnKills } from './kills/turns.ts';

/** npm run soak:turns [-- --kills 20]. Exit code 1 where a turn, its tasks or its stream are not whole. */
const { values } = parseArgs({ options: { kills: { type: 'string', default: '20' } } });
const dir = mkdtempSync(join(tmpdir(), 'assistant-backend-turns-'));
try {
  const { kills, faults, silences } = await runTurnKills(dir, Number(values.kills));
  const sorted = silences.toSorted((a, b) => a - b);
  console.log(`an instance killed ${kills} times with SIGKILL, each time at a random point of a turn`);
  console.log(
    `longest silence of a stream: median ${sorted[sorted.length >> 1]} ms, longest ${sorted.at(-1)} ms`,
  );
  console.log(`faults: ${faults.length}`);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
