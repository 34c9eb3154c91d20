import type { UIMessageChunk } from 'ai';
import type { OwnerId } from '../../auth/owner-id.js';
import sql, { empty, raw, type Sql } from '../../database/sql.js';
import type { Run, RunStatus } from './run.entity.js';

/** Seconds that a holder may be silent. It renews at least every 2, and whoever looks every second has taken over after 7. */
export const LEASE = 6;

/** A run as its holder has it. */
export type HeldRun = Run & Required<Pick<Run, 'attempt' | 'stepSeq'>>;

/** What a write changes of the run, besides the chunks that it adds. */
export interface Progress {
  /** A step is finished, with all chunks up to and with these. */
  step?: boolean;
  tokens?: number;
  /** The run is over, or waits. */
  status?: Exclude<RunStatus, 'queued' | 'running'>;
  errorCode?: string;
}

/** How much of a run a write sees to. */
interface Extent {
  lease: Sql;
  condition: Sql;
  stop: Sql;
}

export const WHOLE: Extent = {
  lease: raw(`now() + make_interval(secs => ${LEASE})`),
  condition: empty,
  stop: raw(`OR NOT EXISTS (
    SELECT FROM app.messages m JOIN app.conversations c ON c.owner_id = m.owner_id AND c.id = m.conversation_id
    WHERE m.owner_id = t.owner_id AND m.id = t.user_message_id AND m.deleted_at IS NULL AND c.deleted_at IS NULL)`),
};

export const CHUNKS_ALONE: Extent = {
  lease: raw('t.lease_until'),
  condition: raw(`AND t.id = (SELECT l.id FROM app.runs l WHERE l.owner_id = t.owner_id AND l.id = t.id
    FOR NO KEY UPDATE SKIP LOCKED)`),
  stop: empty,
};

/** Adds chunks to a run and changes the rest of it, while it is held as this says; answers whether it is to stop, or no row. */
export function writeStatement(
  owner: OwnerId,
  { id, attempt, chunkCount, steps }: HeldRun,
  chunks: UIMessageChunk[],
  { step = false, tokens = 0, status, errorCode }: Progress,
  { lease, condition, stop }: Extent,
): Sql {
  return sql`WITH held AS (
      UPDATE app.runs t SET chunk_count = t.chunk_count + ${chunks.length}::int, tokens = t.tokens + ${tokens}::int,
        steps = t.steps + ${step ? 1 : 0}::int,
        step_seq = CASE WHEN ${step} THEN t.chunk_count + ${chunks.length}::int ELSE t.step_seq END,
        status = coalesce(${status ?? null}, t.status), error_code = ${errorCode ?? null},
        lease_until = CASE WHEN ${status ?? null}::text IS NULL THEN ${lease} END,
        version = t.version + 1, updated_at = now()
      WHERE t.owner_id = ${owner} AND t.id = ${id} AND t.attempt = ${attempt}
        AND t.chunk_count = ${chunkCount} AND t.steps = ${steps} AND t.status = 'running' ${condition}
      RETURNING t.owner_id, t.id, t.stop_requested_at IS NOT NULL ${stop} AS stop),
    written AS (
      INSERT INTO app.run_chunks (owner_id, run_id, seq, chunks)
      SELECT owner_id, id, ${chunkCount}::int, ${JSON.stringify(chunks)}::jsonb FROM held WHERE ${chunks.length > 0})
    SELECT stop FROM held`;
}
