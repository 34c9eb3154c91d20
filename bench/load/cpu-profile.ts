import type { Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a preloaded profiler writes. */
export const profileOf = (pid: number) => join(tmpdir(), `${pid}.cpuprofile`);

/** Microseconds of the profile by what they were spent in. */
export interface Spent {
  functions: Map<string, number>;
  packages: Map<string, number>;
}

const IDLE = '(idle)';

/** Self time of a V8 CPU profile, by function and by package; idle time is left out. */
export function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Spent {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spent: Spent = { functions: new Map(), packages: new Map() };
  for (const [i, sample] of samples.entries()) {
    const frame = frames.get(sample)!;
    if (frame.functionName === IDLE) continue;
    const took = timeDeltas[i + 1] ?? 0; // a sample lasts until the next one
    add(spent.functions, nameOf(frame), took);
    add(spent.packages, packageOf(frame), took);
  }
  return spent;
}

const add = (sums: Map<string, number>, key: string, value: number) =>
  sums.set(key, (sums.get(key) ?? 0) + value);

type Frame = Profiler.ProfileNode['callFrame'];

function nameOf(frame: Frame): string {
  const { functionName: name, url, lineNumber } = frame;
  if (!url) return name.startsWith('(') ? name : `${name || '(unnamed)'} (native)`;
  return `${name || '(unnamed)'} ${packageOf(frame)}/${url.split('/').at(-1)!.split(':').at(-1)}:${lineNumber + 1}`;
}

/** `fastify`, `@nestjs/core`, the service's own folder (`dist/http`), Node's `node:net`, or V8's `(garbage collector)`. */
function packageOf({ functionName, url }: Frame): string {
  if (!url) return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  return library ?? /\/((?:dist|bench)(?:\/[^/]+)?)\/[^/]+$/.exec(url)?.[1] ?? url;
}

/** The names of the largest. */
export const largest = (sums: Map<string, number>, count = 25): string[] =>
  [...sums]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name]) => name);
