import { parseArgs } from 'node:util';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { type Answer, ApiClient } from '../test/support/api-client.ts';
import { connected } from './support/database.ts';
import { Latencies, report } from './support/latencies.ts';
import { describeMachine } from './support/machine.ts';
import { startProcess } from './support/process.ts';

/** npm run bench:events [-- --events 20000 --appends 1000]: exit code 1 on a miss, or where the log is not what it must be. */
const READS = 300;
const VERSION = 50; // milliseconds for the state as of any version
const TIMES = 2; // the cost of appending a message

const { values } = parseArgs({
  options: { events: { type: 'string', default: '20000' }, appends: { type: 'string', default: '1000' } },
});
const total = Number(values.events);
const appends = Number(values.appends);

const appended = new Latencies();
const messages = new Latencies();

async function timed<T>(latencies: Latencies, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  latencies.add(performance.now() - start);
  return result;
}

async function insist(answer: Promise<Answer<Record<string, unknown>>>, status: number) {
  const { status: given, text, body } = await answer;
  if (given !== status) throw new Error(`${given} ${text}`);
  return body;
}

const change = (count: number) => ({
  type: 'counted',
  operations: [
    { op: 'add', path: '/count', value: count },
    { op: 'add', path: `/notes/${count % 50}`, value: `note ${count}` },
  ],
  expectedVersion: count,
});

/** A log of `total` events; with the first ones a message each, for comparison. */
async function grow(client: ApiClient): Promise<string> {
  const id = String((await insist(client.post('/v1/aides', { title: 'Grown' }), 201)).id);
  const conversation = String((await insist(client.post('/v1/conversations', {}), 201)).id);
  const begin = { type: 'began', operations: [{ op: 'add', path: '/notes', value: {} }], expectedVersion: 0 };
  await insist(client.post(`/v1/aides/${id}/events`, begin), 201);
  for (let version = 1; version < total; version++) {
    await timed(appended, () => insist(client.post(`/v1/aides/${id}/events`, change(version)), 201));
    const message = { role: 'user', content: `note ${version}` };
    if (version <= 3000)
      await timed(messages, () =>
        insist(client.post(`/v1/conversations/${conversation}/messages`, message), 201),
      );
  }
  return id;
}

/** Two writers who try again until each has appended so often. */
async function race(client: ApiClient): Promise<string> {
  const id = String((await insist(client.post('/v1/aides', { title: 'Raced' }), 201)).id);
  const stale = await Promise.all(
    [0, 1].map(async () => {
      let refused = 0;
      for (let done = 0; done < appends;) {
        const { stateVersion } = (await client.get<{ stateVersion: number }>(`/v1/aides/${id}`)).body;
        const operations = [{ op: 'add', path: '/count', value: stateVersion + 1 }];
        const event = { type: 'counted', operations, expectedVersion: stateVersion };
        const { status, text } = await client.post(`/v1/aides/${id}/events`, event);
        if (status === 201) done++;
        else if (status === 412) refused++;
        else throw new Error(`${status} ${text}`);
      }
      return refused;
    }),
  );
  const { body } = await client.get<{ state: { count: number } }>(`/v1/aides/${id}/state`);
  const verified = await client.get(`/v1/aides/${id}/verify`);
  return `two writers × ${appends}: count ${body.state.count}, ${stale.join(' and ')} refused, ${verified.text}`;
}

await withThrowawayDatabase(async ({ app, superuser }) => {
  const service = await startProcess(app, { LOG_LEVEL: 'fatal' });
  const client = new ApiClient(`http://127.0.0.1:${service.port}`, await service.mint('bench|events'));
  const raced = await race(client);
  const id = await grow(client);
  const [middle, any, difference] = [new Latencies(), new Latencies(), new Latencies()];
  const at = (version: number) => `/v1/aides/${id}/state?version=${version}`;
  for (let i = 0; i < READS; i++) {
    await timed(middle, () => insist(client.get(at(total / 2)), 200));
    await timed(any, () => insist(client.get(at(1 + ((i * 7919) % total))), 200));
    await timed(difference, () => insist(client.get(`/v1/aides/${id}/diff?from=${total / 4}`), 200));
  }
  const verifying = new Latencies();
  const { valid } = await timed(verifying, () => insist(client.get(`/v1/aides/${id}/verify`), 200));
  const { table, held } = report([
    { name: 'append an event', latencies: appended, target: messages.percentile(0.95) * TIMES },
    { name: 'append a message', latencies: messages, target: VERSION },
    { name: `state as of version ${total / 2} of ${total}`, latencies: middle, target: VERSION },
    { name: 'state as of any version, among them those before a snapshot', latencies: any, target: VERSION },
    { name: `difference from version ${total / 4}`, latencies: difference, target: VERSION },
    { name: `verify ${total} events`, latencies: verifying, target: 30_000 },
  ]);
  console.log([await connected(superuser, describeMachine), table, raced].join('\n\n'));
  await service.stop();
  if (!held || valid !== true || !raced.includes('"valid":true')) process.exitCode = 1;
}, true);
