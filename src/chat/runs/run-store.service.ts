import { Injectable } from '@nestjs/common';
import type { UIMessageChunk } from 'ai';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { InjectOwned } from '../../database/database.module.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import { Run } from './run.entity.js';
import type { RunChunk } from './run-chunk.entity.js';
import {
  CHUNKS_ALONE,
  type HeldRun,
  LEASE,
  type Progress,
  WHOLE,
  writeStatement,
} from './write-statement.js';

/** Chunks that are added to a run, and nothing else. */
export interface ChunkWrite {
  owner: OwnerId;
  run: HeldRun;
  chunks: UIMessageChunk[];
}

/** Another instance has the run now, or nobody: nothing was written. */
export class LeaseLost extends Error {}

/** The statements of a run's holder. Each holds only while the lease does. */
@Injectable()
export class RunStore {
  constructor(@InjectOwned(Run) private readonly runs: OwnedRepository<Run>) {}

  /** Takes over a run that nobody does any more; undefined where somebody does. */
  async claim(owner: OwnerId, id: string): Promise<HeldRun | undefined> {
    const [run] = await this.runs.query<HeldRun>(
      owner,
      sql`UPDATE app.runs t SET attempt = t.attempt + 1, lease_until = now() + make_interval(secs => ${LEASE})
          WHERE t.owner_id = ${owner} AND t.id = ${id} AND t.status = 'running' AND t.lease_until < now()
          RETURNING ${this.runs.columns(['attempt', 'stepSeq'])}`,
    );
    return run;
  }

  /**
   * Adds chunks, renews the lease and says whether the run is to stop: because its owner wants it to, or because what it
   * answers was deleted. What is sent twice is refused, as the counts are others by then.
   * @throws LeaseLost
   */
  async write(
    owner: OwnerId,
    run: HeldRun,
    chunks: UIMessageChunk[],
    progress: Progress = {},
  ): Promise<{ stop: boolean }> {
    const statement = writeStatement(owner, run, chunks, progress, WHOLE);
    const [held] = await this.runs.query<{ stop: boolean }>(owner, statement);
    if (!held) throw new LeaseLost();
    return held;
  }

  /**
   * Adds chunks to several runs, which is all that is done here: leases are as they were, and what was deleted is found later.
   * Undefined for a run that somebody else has locked at the moment, which others do not wait for, or of which the lease is lost.
   */
  async writeChunks(writes: readonly ChunkWrite[]): Promise<({ stop: boolean } | undefined)[]> {
    const statements = writes.map(({ owner, run, chunks }) => ({
      owner,
      statement: writeStatement(owner, run, chunks, {}, CHUNKS_ALONE),
    }));
    const held = await this.runs.queryEach<{ stop: boolean }>(statements);
    return held.map(([one]) => one);
  }

  /** Ends a run that never ran. */
  async stopQueued(owner: OwnerId, { id, answerId }: Run): Promise<void> {
    const chunks: UIMessageChunk[] = [{ type: 'start', messageId: answerId }, { type: 'abort' }];
    await this.runs.query(
      owner,
      sql`WITH stopped AS (
            UPDATE app.runs t SET status = 'stopped', chunk_count = ${chunks.length}, version = t.version + 1,
              updated_at = now()
            WHERE t.owner_id = ${owner} AND t.id = ${id} AND t.status = 'queued' RETURNING t.owner_id, t.id)
          INSERT INTO app.run_chunks (owner_id, run_id, seq, chunks)
          SELECT owner_id, id, 0, ${JSON.stringify(chunks)}::jsonb FROM stopped`,
    );
  }

  /** The chunks of a run from a number on, in the order of their writes, at most so many writes; with what comes first cut off. */
  async chunks(owner: OwnerId, runId: string, from: number, most?: number): Promise<UIMessageChunk[]> {
    const writes = await this.runs.query<Pick<RunChunk, 'seq' | 'chunks'>>(
      owner,
      sql`SELECT seq, chunks FROM app.run_chunks WHERE owner_id = ${owner} AND run_id = ${runId}
            AND seq >= coalesce((SELECT max(seq) FROM app.run_chunks
              WHERE owner_id = ${owner} AND run_id = ${runId} AND seq <= ${from}), 0)
          ORDER BY seq LIMIT ${most ?? null}`,
    );
    return writes.flatMap(({ seq, chunks }) => chunks.slice(Math.max(0, from - seq)));
  }

  /** Lets whoever looks next take it over at once. */
  async release(owner: OwnerId, { id, attempt }: HeldRun): Promise<void> {
    await this.runs.query(
      owner,
      sql`UPDATE app.runs SET lease_until = '-infinity'
          WHERE owner_id = ${owner} AND id = ${id} AND attempt = ${attempt} AND status = 'running'`,
    );
  }

  /**
   * Lets the longest queued turn of a conversation run, where none does; whoever looks next takes it. In a transaction that
   * has locked the conversation, in a statement of its own behind that.
   */
  async promote(owner: OwnerId, conversationId: string): Promise<string | undefined> {
    const [run] = await this.runs.query<{ id: string }>(
      owner,
      sql`UPDATE app.runs t SET status = 'running', lease_until = '-infinity', version = t.version + 1, updated_at = now()
          WHERE t.owner_id = ${owner} AND t.id = (
            SELECT q.id FROM app.runs q JOIN app.messages m ON m.owner_id = q.owner_id AND m.id = q.user_message_id
            WHERE q.owner_id = ${owner} AND q.conversation_id = ${conversationId} AND q.status = 'queued'
            ORDER BY m.seq LIMIT 1)
          RETURNING t.id`,
    );
    return run?.id;
  }
}
