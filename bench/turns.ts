import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withThrowawayDatabase } from '../scripts/support/throwaway-database.ts';
import { ApiClient } from '../test/support/api-client.ts';
import { ModelServer } from '../test/support/model-server.ts';
import { connected } from './support/database.ts';
import { Latencies } from './support/latencies.ts';
import { describeMachine } from './support/machine.ts';
import { startProcess } from './support/process.ts';

/**
 * npm run bench:turns [-- --streams 200 --seconds 20 --within 10]: turns that are answered at once, for so many seconds each and
 * begun within so many, each followed by its client. Model and clients are this process, so what it is late itself is in the
 * delays. Exit code 1 where a target is missed.
 */
const EACH = 10; // conversations of an owner
const PACE = 50; // milliseconds between two tokens of the model
const TARGETS = { delay: 150, first: 30, memory: 400 }; // ms at p95, ms at p50, MB
const MB = 2 ** 20;

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '20' },
    within: { type: 'string', default: '10' },
  },
});
const [lasting, beginning] = [Number(values.seconds) * 1000, Number(values.within) * 1000]; // milliseconds
const tokens = lasting / PACE;
const delays = new Latencies();
const firsts = new Latencies();

/** Says the time, again and again. */
async function script(answer: { text(content: string): void; finish(): void }): Promise<void> {
  for (let n = 0; n < tokens; n++) {
    answer.text(`${performance.now().toFixed(2)} `);
    await sleep(PACE);
  }
  answer.finish();
}

interface Turn {
  origin: string;
  token: string;
  conversation: string;
}

/** Follows one turn to its end, and notes how long ago each token was said when it came. */
async function follow({ origin, token, conversation }: Turn): Promise<void> {
  const response = await fetch(`${origin}/v1/conversations/${conversation}/turns`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ content: 'What is the time?' }),
  });
  let said = 0;
  let line = '';
  for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
    const now = performance.now();
    const lines = (line + bytes).split('\n');
    line = lines.pop()!;
    for (const data of lines.filter((one) => one.startsWith('data: {'))) {
      const chunk = JSON.parse(data.slice(6)) as { type: string; delta?: string };
      for (const time of chunk.type === 'text-delta' ? chunk.delta!.trim().split(' ') : []) {
        if (said === 0) firsts.add(now - Number(time));
        said += 1;
        delays.add(now - Number(time));
      }
    }
  }
  if (said !== tokens) throw new Error(`${said} of ${tokens} tokens came`);
}

await withThrowawayDatabase(async ({ app, superuser }) => {
  const model = await ModelServer.start();
  model.otherwise = script;
  const settings = { LOG_LEVEL: 'fatal', MODEL_BASE_URL: model.url, MODEL_NAME: 'clock' };
  const service = await startProcess(app, settings);
  const origin = `http://127.0.0.1:${service.port}`;
  const turns: Turn[] = [];
  for (let n = 0; n < Number(values.streams) / EACH; n++) {
    const token = await service.mint(`bench|talker-${n}`);
    const client = new ApiClient(origin, token);
    for (let i = 0; i < EACH; i++) {
      const { body } = await client.post('/v1/conversations', { title: 'Time' });
      turns.push({ origin, token, conversation: String(body.id) });
    }
  }
  const before = await service.read();
  const all = Promise.all(
    turns.map(async (turn, i) => {
      await sleep((i / turns.length) * beginning);
      await follow(turn);
    }),
  );
  await sleep((lasting + beginning) / 2);
  const during = await service.read();
  await all;
  await service.stop();
  await model.close();
  const [delay, first, memory] = [delays.percentile(0.95), firsts.percentile(0.5), during.rss / MB];
  console.log(await connected(superuser, describeMachine));
  console.log(
    `${turns.length} turns at once, a token each ${PACE} ms: ${delays.count} tokens, ${delays.percentile(0.5).toFixed(0)} ms after ` +
      `they were said at p50, ${delay.toFixed(0)} ms at p95; the first of a turn ${first.toFixed(0)} ms at p50, ` +
      `${firsts.percentile(0.95).toFixed(0)} ms at p95; ${(before.rss / MB).toFixed(0)} MB before, ${memory.toFixed(0)} MB during`,
  );
  if (delay > TARGETS.delay || first > TARGETS.first || memory > TARGETS.memory) process.exitCode = 1;
});
