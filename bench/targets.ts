import { connected, withDatabase } from './support/database.ts';
import { Latencies, type Measured, report } from './support/latencies.ts';
import { describeMachine } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { singleReads } from './support/reads.ts';
import { Samples } from './support/samples.ts';
import { type Send, startService, templateOf } from './support/service.ts';
import { measureStart } from './support/start-up.ts';
import { writes } from './support/writes.ts';

/** npm run bench:targets [-- --messages 10000|100000|1000000] [--dir <folder>]: U6, over HTTP. Exit code 1 on a miss. */
const ROUNDS = 300;
const WARM_UP = 30; // rounds
const RESTARTS = 3;
const SINGLE = 100; // milliseconds, as all targets
const MESSAGE = 10;
const MESSAGES = 50;
const CONVERSATIONS = 100;
const FILTER = 5;
const START = 5000;

const measured = new Map<string, Measured>();

function add(name: string, target: number, took: number): void {
  if (!measured.has(name)) measured.set(name, { name, target, latencies: new Latencies() });
  measured.get(name)!.latencies.add(took);
}

/** One round asks for everything once, so that noise of the machine falls on all alike. */
async function round(send: Send, samples: Samples): Promise<void> {
  const list = async (name: string, from: 'conversations' | 'thinned', query: string) => {
    const { owner, id } = samples.pick(from);
    const { took, body } = await send(owner, `GET /v1/conversations/${id}/messages?limit=50${query}`);
    if ((body.data as unknown[]).length !== 50) throw new Error(`${name}: not 50 messages`);
    add(name, MESSAGES, took);
  };
  await list('50 messages of a conversation', 'conversations', '');
  await list('50 messages, half of the conversation deleted', 'thinned', '');
  await list('50 messages, newest first', 'conversations', '&order=desc');
  add(
    '20 conversations',
    CONVERSATIONS,
    (await send(samples.pick('users').owner, 'GET /v1/conversations?limit=20')).took,
  );

  const timed: Send = async (owner, call, body) => {
    const answer = await send(owner, call, body);
    const name = templateOf(call);
    add(name, name === 'GET /v1/messages/{id}' ? MESSAGE : SINGLE, answer.took);
    return answer;
  };
  for (const { owner, call } of singleReads(samples)) await timed(owner, call);
  await writes(timed, samples);
}

const options = readOptions();
const machine = await withDatabase(options, ({ app, superuser: url }) =>
  connected(url, async (superuser) => {
    const service = await startService(app);
    const samples = await Samples.read(superuser);
    for (let i = 0; i < WARM_UP; i++) await round(service.send, samples);
    measured.clear();
    for (let i = 0; i < ROUNDS; i++) await round(service.send, samples);
    await service.close();
    return describeMachine(superuser);
  }),
);

const at = (name: string, share: number) => measured.get(name)!.latencies.percentile(share);
const extra = [0.5, 0.95].map(
  (share) =>
    at('50 messages, half of the conversation deleted', share) - at('50 messages of a conversation', share),
);
for (let i = 0; i < RESTARTS; i++)
  add('`npm start` to the first answer', START, await measureStart(options.dir));

const { table, held } = report([...measured.values()]);
const filtered = extra[1]! < FILTER;
console.log(`${options.messages} messages; ${ROUNDS} requests of each kind, one connection`);
console.log(`${machine}\n\n${table}\n`);
console.log(
  `Soft-delete filter: ${extra[0]!.toFixed(2)} ms extra at p50, ${extra[1]!.toFixed(2)} ms at p95; ` +
    `target < ${FILTER} ms: ${filtered ? 'held' : 'missed'}`,
);
process.exitCode = held && filtered ? 0 : 1;
