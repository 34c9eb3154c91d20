import { Injectable } from '@nestjs/common';
import type { UIMessageChunk } from 'ai';
import { Notifications } from '../../database/notifications.js';

const KEPT = 500; // chunks of a run
const LINGER = 2000; // milliseconds

interface Recent {
  /** The number of the first of the chunks that are kept. */
  from: number;
  chunks: UIMessageChunk[];
}

/** What the runs of this instance have written last, for those who follow them here: they need not read it. */
@Injectable()
export class RecentChunks {
  private readonly runs = new Map<string, Recent>();

  constructor(private readonly notifications: Notifications) {}

  /** Chunks that are committed, from a number on. */
  add(runId: string, seq: number, chunks: UIMessageChunk[]): void {
    const known = this.runs.get(runId);
    const recent = known && known.from + known.chunks.length === seq ? known : { from: seq, chunks: [] };
    this.runs.set(runId, recent);
    recent.chunks.push(...chunks);
    const past = recent.chunks.length - KEPT;
    if (past > 0) {
      recent.chunks.splice(0, past);
      recent.from += past;
    }
  }

  /** This instance does the run no more. Those who follow have a moment to take what they were woken for. */
  forget(runId: string): void {
    const recent = this.runs.get(runId);
    const remove = () => {
      if (this.runs.get(runId) !== recent) return;
      this.runs.delete(runId);
      this.notifications.wake(runId);
    };
    setTimeout(remove, LINGER).unref();
  }

  /** The chunks from a number on, none where it has no more yet; undefined where it does not know. */
  read(runId: string, from: number): UIMessageChunk[] | undefined {
    const recent = this.runs.get(runId);
    return recent && from >= recent.from ? recent.chunks.slice(from - recent.from) : undefined;
  }
}
