import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type pg from 'pg';
import type { Sql } from 'sql-template-tag';
import type { DataSource } from 'typeorm';
import { poolOf } from './data-source.js';

const current = new AsyncLocalStorage<pg.PoolClient>();

/**
 * Runs statements as the owner of the current context (see OwnerClient), in the current transaction if there is one.
 * For this folder only; features use repositories, {@link Transactions} and look-ups.
 */
@Injectable()
export class OwnerScope {
  private readonly pool: pg.Pool;

  constructor(@InjectDataSource() dataSource: DataSource) {
    this.pool = poolOf(dataSource);
  }

  async query<Row extends object>({ text, values }: Sql): Promise<Row[]> {
    const client = current.getStore() ?? this.pool;
    return (await client.query<Row>(text, values)).rows;
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (current.getStore()) return work();
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await current.run(client, work);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release(); // one that could not roll back is destroyed by the pool's net
    }
  }
}
