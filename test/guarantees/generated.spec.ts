import fc from 'fast-check';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { Explorer } from '../support/generated/explorer.ts';

/** Another seed, or many more requests: npm run soak:generated -- --seed 2 --requests 10000 */
const RUN = { seed: 1, numRuns: 1500, timeout: 10_000 };

let app: NestFastifyApplication;

beforeAll(async () => void (app = await startApp()));
afterAll(() => app.close());

test('U2: whatever is asked, the answer is one that the API document has', async () => {
  const connect = async (owner?: string) => (owner ? clientOf(app, owner) : new ApiClient(originOf(app)));
  const explorer = await Explorer.of(connect, () => newOwner('generated'));
  const answersAsDocumented = fc.asyncProperty(explorer.requests, async (request) => {
    const { status, violations } = await explorer.send(request);
    expect({ status, violations }).toEqual({ status, violations: [] });
  });
  await fc.assert(answersAsDocumented, RUN);

  const { exchanges } = explorer;
  const succeeded = exchanges.filter(({ status }) => status < 300).map(({ request }) => request.name);
  const tried = new Set([...succeeded, ...explorer.creates]); // what creates succeeds in every turn
  const never = exchanges.map(({ request }) => request.name).filter((name) => !tried.has(name));
  expect([...new Set(never)]).toEqual([]); // each operation was tried in earnest, too
  expect(succeeded.length).toBeGreaterThan(RUN.numRuns / 4);
}, 300_000);
