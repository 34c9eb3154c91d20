import type { UIMessageChunk } from 'ai';
import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { OwnerId } from '../../auth/owner-id.js';
import { TimestampNow } from '../../database/timestamp.decorator.js';
import { Run } from './run.entity.js';

/** Consecutive chunks of a run's stream, written together. The run counts them: its `chunkCount` is the next `seq`. */
@Entity({ name: 'run_chunks', schema: 'app' })
@ForeignKey(() => Run, ['ownerId', 'runId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@Check('run_chunks_seq_check', `seq >= 0`)
@Check('run_chunks_chunks_check', `jsonb_typeof(chunks) = 'array'`)
@Index('run_chunks_purge_idx', ['createdAt'])
export class RunChunk {
  @PrimaryColumn('text')
  ownerId: OwnerId;

  @PrimaryColumn('uuid')
  runId: string;

  /** Of the first of them, from 0. */
  @PrimaryColumn('integer')
  seq: number;

  @TimestampNow()
  createdAt: string;

  @Column('jsonb')
  chunks: UIMessageChunk[];
}
