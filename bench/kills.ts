import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runKills } from './kills/run.ts';

/** npm run soak:kills [-- --kills 20] [--clients 8] [--victim service|database]. Exit code 1 where a write is lost or twice. */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    clients: { type: 'string', default: '8' },
    victim: { type: 'string', default: 'service' },
  },
});
const victim = values.victim === 'database' ? 'database' : 'service';
const dir = mkdtempSync(join(tmpdir(), 'assistant-backend-kills-'));
try {
  const { lost, twice, recoveries, ...counts } = await runKills({
    dir,
    kills: Number(values.kills),
    clients: Number(values.clients),
    victim,
  });
  const sorted = recoveries.toSorted((a, b) => a - b);
  console.log(`the ${victim} killed ${recoveries.length} times with SIGKILL, ${values.clients} clients`);
  console.log(
    `${counts.acknowledged} writes acknowledged in ${counts.sent} requests, ${counts.again} sent again, ${counts.replayed} replayed`,
  );
  console.log(`lost: ${lost.length}, twice: ${twice.length}`);
  console.log(
    `from a kill to the next answer: median ${sorted[sorted.length >> 1]} ms, longest ${sorted.at(-1)} ms`,
  );
  for (const key of [...lost, ...twice]) console.error(key);
  process.exitCode = lost.length + twice.length > 0 ? 1 : 0;
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
