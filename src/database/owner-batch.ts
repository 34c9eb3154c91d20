// oxlint-disable eslint/no-underscore-dangle -- the names are those of pg
import { serialize } from 'pg-protocol';
import type { OwnerId } from '../auth/owner-id.js';
import {
  BaseQuery,
  type Connection,
  DESCRIBE,
  EXECUTE,
  prepareValue,
  SET_OWNER,
  SYNC,
} from './owner-query.js';

/** The values of a statement, and as whom it runs with them. */
export interface OwnerValues {
  owner: OwnerId;
  values: unknown[];
}

/**
 * One statement with several values, each behind the setting of its owner, before one Sync: one round trip and one implicit
 * transaction (PostgreSQL, "Extended Query"), of which all is committed or nothing. The statement answers rows.
 */
export class OwnerBatch extends BaseQuery {
  /** The rows for each of the values, in their order. */
  readonly answers: object[][] = [];
  /** What is answered next is that of a setting. */
  private setting = true;

  constructor(
    private readonly batch: readonly OwnerValues[],
    text: string,
    name: string | undefined,
    callback: (error: Error | null) => void,
  ) {
    super(text, undefined, callback);
    this.name = name;
  }

  /** Described once: every answer has the same columns. */
  override prepare(connection: Connection): void {
    const messages = this.parse(connection);
    for (const [i, { owner, values }] of this.batch.entries())
      messages.push(
        serialize.bind({ statement: SET_OWNER.name, values: [owner] }),
        EXECUTE,
        serialize.bind({ statement: this.name, values, valueMapper: prepareValue }),
        ...(i === 0 ? [DESCRIBE] : []),
        EXECUTE,
      );
    connection.stream.write(Buffer.concat([...messages, SYNC]));
  }

  override handleDataRow(message: unknown): void {
    if (!this.setting) super.handleDataRow(message);
  }

  override handleCommandComplete(): void {
    if (!this.setting) this.answers.push(this._result.rows.splice(0));
    this.setting = !this.setting;
  }
}
