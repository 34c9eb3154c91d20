import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKills } from '../bench/kills/run.ts';

test('C2: a service that is killed under writes loses nothing acknowledged and writes nothing twice', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'assistant-backend-kills-'));
  try {
    const report = await runKills({ dir, kills: 2, clients: 4, victim: 'service' });
    expect(report).toMatchObject({ lost: [], twice: [] });
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.again).toBeGreaterThan(0);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}, 120_000);
