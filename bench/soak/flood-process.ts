import { Agent } from 'node:http';
import { parseArgs } from 'node:util';
import { ask, type Call } from './client.ts';

/** What `startFlood` starts: says when the first answer is there and, when it is told to stop, how many had which status. */
const { values } = parseArgs({
  options: { port: { type: 'string' }, token: { type: 'string' }, connections: { type: 'string' } },
});
const connections = Number(values.connections);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const headers = { authorization: `Bearer ${values.token}` };
const CALLS: Call[] = [
  { method: 'GET', path: '/v1/tasks?limit=50', headers },
  { method: 'GET', path: '/v1/me', headers },
  {
    method: 'POST',
    path: '/v1/tasks',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'flood' }),
  },
];

const statuses: Record<number, number> = {};
process.once('message', () => process.send!(statuses, undefined, undefined, () => process.exit()));
process.once('disconnect', () => process.exit());

async function flood(turn: number): Promise<never> {
  for (let i = turn; ; i++) {
    const { status } = await ask(agent, Number(values.port), CALLS[i % CALLS.length]!);
    if (Object.keys(statuses).length === 0) process.send!('flooding');
    statuses[status!] = (statuses[status!] ?? 0) + 1;
  }
}
await Promise.all(Array.from({ length: connections }, (_, i) => flood(i)));
