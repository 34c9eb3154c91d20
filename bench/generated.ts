import { parseArgs } from 'node:util';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { createApp } from '#dist/app.js';
import { mintToken } from '#dist/auth/mint-token.js';
import { loadConfig } from '#dist/config/config.js';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { ApiClient } from '../test/support/api-client.ts';
import { type Exchange, Explorer } from '../test/support/generated/explorer.ts';

/**
 * npm run soak:generated [-- --requests 10000] [--seed <number>]: generated requests, right and wrong, to the running
 * service; prints what was answered, and exits with 1 where an answer is not as the API document says or takes over 1 s.
 */
const SLOW = 1000; // milliseconds
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() | 0) },
  },
});
const [numRuns, seed] = [Number(values.requests), Number(values.seed)];
if (!(numRuns > 0) || !Number.isInteger(seed)) throw new Error('--requests and --seed must be numbers');
const config = loadConfig({
  NODE_ENV: 'test',
  JWT_SECRET: 'a secret of the soak, longer than 32 bytes',
  LOG_LEVEL: 'error',
  RATE_LIMIT: '1000000',
  RATE_LIMIT_ANONYMOUS: '1000000',
});

const exchanges = await withThrowawayDatabase(async ({ app: url }) => {
  const app = await createApp(config, url);
  await app.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const explorer = await Explorer.of(
    async (owner) => new ApiClient(origin, owner && (await mintToken(config, owner))),
    () => `generated-${crypto.randomUUID()}`,
  );
  await fc.assert(
    fc.asyncProperty(explorer.requests, async (request) => void (await explorer.send(request))),
    {
      seed,
      numRuns,
    },
  );
  await app.close();
  return explorer.exchanges;
});

const describe = ({ request, status, took }: Exchange) =>
  `${request.name} ${status}, ${took.toFixed(0)} ms: ${JSON.stringify(request).slice(0, 500)}`;
const group = (of: (one: Exchange) => string) =>
  [...Map.groupBy(exchanges, of)]
    .map(([name, { length }]) => [name, length] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
const wrong = exchanges.filter(({ violations, took }) => violations.length > 0 || took > SLOW);
const slowest = exchanges.toSorted((a, b) => b.took - a.took).slice(0, 5);

console.log(`${exchanges.length} requests, --seed ${seed}\n\n| status | answers |\n| --- | --: |`);
for (const [status, count] of group(({ status }) => String(status))) console.log(`| ${status} | ${count} |`);
console.log(`\nslowest:\n${slowest.map(describe).join('\n')}\n`);
console.log(`${wrong.length} violations`);
for (const one of wrong.slice(0, SHOWN))
  console.log(`${describe(one)}\n  ${one.violations.join('\n  ') || 'too slow'}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
