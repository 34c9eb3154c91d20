import { type DestinationStream, pino } from 'pino';

const MAX_WAITING = 16 * 1024 * 1024; // characters
const BATCH = 8_192; // characters
const LATEST = 200; // milliseconds

/**
 * A slow reader delays no request, and one that does not read at all costs lines, not memory. Many lines are one write: a
 * write for each would cost as much as the line, and pino's own batches are measured anew for each line.
 */
export class BatchedStdout implements DestinationStream {
  private readonly stdout = pino.destination({ sync: false, maxLength: MAX_WAITING });
  private lines = '';
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    process.once('exit', () => {
      this.pass();
      this.stdout.flushSync();
    });
  }

  write(line: string): void {
    this.lines += line;
    if (this.lines.length >= BATCH) this.pass();
    else this.timer ??= setTimeout(() => this.pass(), LATEST).unref();
  }

  flush(done: (error?: Error) => void): void {
    this.pass();
    this.stdout.flush(done);
  }

  private pass(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.lines) this.stdout.write(this.lines);
    this.lines = '';
  }
}
