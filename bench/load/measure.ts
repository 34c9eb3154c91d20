import { cpuOf, cpuOfFamily } from './cpu.ts';
import type { Server } from './servers.ts';
import { drive, type Load } from './wrk.ts';

/** One of the servers that are compared, and the database that it uses. */
export interface Side {
  server: Server;
  /** The process id of PostgreSQL's server. */
  postmaster: number;
  /** The requests that it is sent. */
  file: string;
  /** Runs before each of its turns. */
  prepare?: () => Promise<unknown>;
}

/** Microseconds of CPU a request beside what the client saw. */
export interface Measure extends Load {
  serverCpu: number;
  databaseCpu: number;
}

export interface Turns {
  rounds: number;
  /** Of one turn. */
  seconds: number;
  connections: number;
}

/** Seconds of a warm-up: a service just started still compiles and deoptimizes in the first four. */
const WARM_UP = 6;
/** Seconds, where it has been under the same operation before. */
const WARM_UP_AGAIN = 2;

/**
 * Drives the sides in turn, every second round in the other order, so that a slower minute of the machine falls on all
 * of them alike.
 * @param warm whether they have been under this operation before
 * @returns the measures of each side, by round
 */
export async function alternate(
  sides: Side[],
  { rounds, seconds, connections }: Turns,
  warm = false,
): Promise<Measure[][]> {
  for (const side of sides) {
    await warmUp(side, connections, warm ? WARM_UP_AGAIN : WARM_UP);
  }
  const measures: Measure[][] = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...sides.keys()];
    for (const i of round % 2 === 0 ? order : order.toReversed())
      measures[i]!.push(await turn(sides[i]!, { connections, seconds }));
  }
  return measures;
}

export async function warmUp(side: Side, connections: number, seconds = WARM_UP): Promise<void> {
  await side.prepare?.();
  await drive(side.server, side.file, { connections, seconds });
}

async function turn(side: Side, load: { connections: number; seconds: number }): Promise<Measure> {
  const { server, postmaster, file } = side;
  await side.prepare?.();
  server.emptyLog();
  const before = [cpuOf(server.pid), cpuOfFamily(postmaster)] as const;
  const seen = await drive(server, file, load);
  return {
    ...seen,
    serverCpu: (cpuOf(server.pid) - before[0]) / seen.requests,
    databaseCpu: (cpuOfFamily(postmaster) - before[1]) / seen.requests,
  };
}

export type Figure = 'rate' | 'serverCpu' | 'databaseCpu' | 'p50' | 'p95' | 'p99';

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const medianOf = (measures: Measure[], figure: Figure) =>
  median(measures.map((measure) => measure[figure]));

/** The median over the rounds of what a figure is to the other side's in the same round. */
export const ratioOf = (measures: Measure[], to: Measure[], figure: Figure) =>
  median(measures.map((measure, round) => measure[figure] / to[round]![figure]));
