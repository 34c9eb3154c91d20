import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type pg from 'pg';
import sql, { type Sql } from './sql.js';
import type { DataSource } from 'typeorm';
import { ownerContext } from '../auth/owner-context.js';
import { poolOf } from './data-source.js';
import { isOwnerGone } from './errors.js';
import type { OwnerValues } from './owner-batch.js';
import type { OwnerClient } from './owner-client.js';
import { Pipeline } from './pipeline.js';
import { PATIENCE } from './unanswered.js';

const LONG = 5 * 60 * 1000; // milliseconds
/**
 * Both limits at once, the second where the server has it (17 or newer): its clock runs since BEGIN and does not heed a
 * higher value, so it is stopped and set again.
 */
const LONG_LIMITS = sql`SELECT set_config(name, '0', true), set_config(name, ${String(LONG)}, true)
  FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')`;

type BorrowedClient = pg.PoolClient & OwnerClient;

interface Transaction {
  client: BorrowedClient;
  /** What is done once it is committed. */
  after: (() => void)[];
}

const current = new AsyncLocalStorage<Transaction>();

/**
 * Runs statements as the owner of the current context (see OwnerClient), in the current transaction if there is one.
 * For this folder only; features use repositories, {@link Transactions} and look-ups.
 */
@Injectable()
export class OwnerScope {
  private readonly pool: pg.Pool;
  private readonly pipeline: Pipeline<BorrowedClient>;

  constructor(@InjectDataSource() dataSource: DataSource) {
    this.pool = poolOf(dataSource);
    this.pipeline = new Pipeline(this.pool);
  }

  async query<Row extends object>({ text, values }: Sql): Promise<Row[]> {
    const joined = current.getStore();
    if (joined) return (await joined.client.query<Row>(text, values)).rows;
    return this.withOwnerRow(() => this.once<Row>(text, values));
  }

  /** A read that an index bounds to a row or a page, which may share its round trip with those of others. */
  async short<Row extends object>({ text, values }: Sql): Promise<Row[]> {
    const joined = current.getStore();
    const { rows } = joined
      ? await joined.client.query<Row>(text, values)
      : await this.pipeline.run((client) => client.query<Row>(text, values));
    return rows;
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    return current.getStore() ? work() : this.withOwnerRow(() => this.attempt(work));
  }

  /** Calls `done`, which must not throw, when the transaction is committed; at once where there is none. */
  afterCommit(done: () => void): void {
    const joined = current.getStore();
    if (joined) joined.after.push(done);
    else done();
  }

  /** For what may take minutes, such as deleting all of an owner's rows. */
  longTransaction<T>(work: () => Promise<T>): Promise<T> {
    return this.transaction(async () => {
      await this.query(LONG_LIMITS);
      current.getStore()!.client.patience = LONG + PATIENCE;
      return work();
    });
  }

  /** As nobody, outside of any request's transaction: what is done beside requests, not for one of them. */
  beside<Row extends object>({ text, values }: Sql): Promise<Row[]> {
    return ownerContext.exit(() => current.exit(() => this.once<Row>(text, values)));
  }

  /** A statement as each of these owners in turn, whosever request this is: all of it commits together, or nothing. */
  async together<Row extends object>(text: string, batch: readonly OwnerValues[]): Promise<Row[][]> {
    return (await this.borrowed((client) => client.together(text, batch))) as Row[][];
  }

  /** Not by `pool.query`, which throws a connection away over every violated constraint. */
  private async once<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    return this.borrowed(async (client) => (await client.query<Row>(text, values)).rows);
  }

  private async borrowed<T>(work: (client: BorrowedClient) => Promise<T>): Promise<T> {
    const client = (await this.pool.connect()) as BorrowedClient;
    try {
      return await work(client);
    } finally {
      client.release();
    }
  }

  private async attempt<T>(work: () => Promise<T>): Promise<T> {
    const client = (await this.pool.connect()) as BorrowedClient;
    let broken: Error | undefined;
    try {
      client.begin();
      const after: Transaction['after'] = [];
      const result = await current.run({ client, after }, work);
      await client.finish('COMMIT');
      for (const done of after) done();
      return result;
    } catch (error) {
      await client.finish('ROLLBACK').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      client.patience = PATIENCE;
      client.release(broken); // destroyed where it could not roll back
    }
  }

  /** Does `work`; where another instance has erased the owner, whose row was seen before, makes it and tries once more. */
  private async withOwnerRow<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const owner = ownerContext.getStore()?.owner;
      if (!owner || !isOwnerGone(error)) throw error;
      await this.pool.query('INSERT INTO app.users (id) VALUES ($1) ON CONFLICT DO NOTHING', [owner]);
      return work();
    }
  }
}
