/** Latencies of one kind of request, in milliseconds. */
export class Latencies {
  private readonly sorted: number[] = [];

  add(took: number): void {
    this.sorted.push(took);
  }

  get count(): number {
    return this.sorted.length;
  }

  /** The value that `share` (0 to 1) of all do not exceed; nearest rank. */
  percentile(share: number): number {
    this.sorted.sort((a, b) => a - b);
    return this.sorted[Math.max(0, Math.ceil(share * this.sorted.length) - 1)] ?? Number.NaN;
  }
}

export interface Measured {
  name: string;
  latencies: Latencies;
  /** The p95 must be below this; milliseconds. */
  target: number;
}

const ms = (value: number) => value.toFixed(1);

/** A Markdown table, and whether every target is held. */
export function report(measured: Measured[]): { table: string; held: boolean } {
  const rows = measured.map(({ name, latencies, target }) => {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => latencies.percentile(share));
    return { cells: [name, ms(p50!), ms(p95!), ms(p99!), `< ${target}`], held: p95! < target };
  });
  const header = ['request', 'p50 ms', 'p95 ms', 'p99 ms', 'target of p95', ''];
  const lines = rows.map(({ cells, held }) => [...cells, held ? 'held' : '**missed**']);
  const table = [header, ['---', '--:', '--:', '--:', '--:', '---'], ...lines];
  return {
    table: table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
    held: rows.every(({ held }) => held),
  };
}
