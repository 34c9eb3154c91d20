import { createLog } from '../../src/telemetry/log.js';

export type Line = Record<string, unknown>;

/** A log that is kept, and waiting for what will be in it. */
export class Lines {
  /** As they were written. */
  texts: string[] = [];
  readonly log;
  private awaited: () => void = () => undefined;

  constructor(level: string) {
    this.log = createLog({ LOG_LEVEL: level }, { write: (text) => this.add(text) });
  }

  get all(): Line[] {
    return this.texts.map((text) => JSON.parse(text) as Line);
  }

  /** Resolves once there are this many lines of which `condition` is true, with them. */
  async until(count: number, condition: (line: Line) => boolean): Promise<Line[]> {
    for (;;) {
      const found = this.all.filter(condition);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => (this.awaited = resolve));
    }
  }

  private add(text: string): void {
    this.texts.push(text);
    this.awaited();
  }
}
