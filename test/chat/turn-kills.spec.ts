import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTurnKills } from '../../bench/kills/turns.ts';

test('H2, H4: turns of a service that is killed go on within 10 seconds, whole, and do nothing twice', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'assistant-backend-turns-'));
  try {
    const { faults, silences } = await runTurnKills(dir, 3);
    expect(faults).toEqual([]);
    expect(Math.max(...silences)).toBeLessThan(10_000);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}, 120_000);
