import { Injectable, type StreamableFile } from '@nestjs/common';
import type { UIMessageChunk } from 'ai';
import type { FastifyReply } from 'fastify';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { InjectOwned } from '../../database/database.module.js';
import { Notifications } from '../../database/notifications.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import { EventStreams } from '../../http/event-streams.service.js';
import { type Source, Tail } from '../../http/tail.js';
import { isLast } from './chunks.js';
import { RecentChunks } from './recent-chunks.js';
import { Run } from './run.entity.js';
import { RunStore } from './run-store.service.js';

const WRITES = 50; // at most read at once
const POLL = 5 * 60_000; // milliseconds; Notifications wakes those to whom nothing was told
const FAREWELL = '[DONE]';

/** A chunk of a run's stream; its number is gap-free from 0. */
export interface NumberedChunk {
  id: number;
  data: UIMessageChunk;
}

export interface Follower {
  owner: OwnerId;
  runId: string;
  /** The number behind which to begin; -1 is before the first. */
  after?: number;
  /** Chunks that take the place of the run's first one: what was said in the runs that it continues. */
  before?: UIMessageChunk[];
}

/** The streams of runs, for whoever follows them, on any instance: live, or over since less than a day. */
@Injectable()
export class RunStreams {
  constructor(
    @InjectOwned(Run) private readonly runs: OwnedRepository<Run>,
    private readonly store: RunStore,
    private readonly recent: RecentChunks,
    private readonly notifications: Notifications,
    private readonly streams: EventStreams,
  ) {}

  /** In the owner's context. Ends behind the last chunk, and when the signal is aborted. */
  async *follow(follower: Follower, signal?: AbortSignal): AsyncGenerator<NumberedChunk> {
    const tail = new Tail(this.source(follower));
    const unwatch = this.notifications.watch(follower.runId, () => tail.wake());
    const end = () => tail.end();
    signal?.addEventListener('abort', end);
    if (signal?.aborted) tail.end();
    try {
      for await (const chunks of tail.batches()) yield* chunks;
    } finally {
      unwatch();
      signal?.removeEventListener('abort', end);
    }
  }

  /** Whether one more can be opened. @throws Problem as {@link EventStreams.admit} */
  admit(owner: OwnerId): void {
    this.streams.admit(owner);
  }

  /** The same as server-sent events, in the UI message stream of the AI SDK. @throws Problem as {@link EventStreams.open} */
  open(follower: Follower & { expires: number }, reply: FastifyReply): StreamableFile {
    const { owner, runId, expires } = follower;
    void reply.headers({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'X-Accel-Buffering': 'no',
      'X-Vercel-AI-UI-Message-Stream': 'v1',
    });
    const source = { ...this.source(follower), farewell: FAREWELL };
    const watch = (wake: () => void) => this.notifications.watch(runId, wake);
    return this.streams.open({ owner, expires, source, watch }, reply);
  }

  private source({ owner, runId, after = -1, before = [] }: Follower): Source<NumberedChunk> {
    let over = false;
    const more = before.length > 0 ? before.length - 1 : 0; // than in the run itself
    const read = async (behind: number) => {
      if (over) return undefined;
      const first = behind + 1;
      if (first < before.length) return before.slice(first).map((data, i) => ({ id: first + i, data }));
      const from = first - more;
      const chunks = this.recent.read(runId, from) ?? (await this.store.chunks(owner, runId, from, WRITES));
      over = chunks.some(isLast);
      if (chunks.length === 0 && (await this.isOver(owner, runId, from))) return undefined;
      return chunks.map((data, i) => ({ id: first + i, data }));
    };
    return { after, poll: POLL, read };
  }

  /** Whether there is nothing from this number on, and never will be. */
  private async isOver(owner: OwnerId, id: string, from: number): Promise<boolean> {
    if (this.recent.read(id, from)) return false; // it goes on here
    const run = await this.runs.find(owner, [sql`t.id = ${id}`]);
    if (!run) return true;
    const goesOn = run.status === 'queued' || run.status === 'running';
    return !goesOn && (from >= run.chunkCount || (await this.store.chunks(owner, id, from, 1)).length === 0);
  }
}
