import type pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { NamingStrategy } from './naming-strategy.js';
import { migrations } from './migrations/index.js';
import { OwnerClient, prepareConnection } from './owner-client.js';
import { ownerDriver } from './owner-pool.js';
import { types } from './timestamps.js';

const shared = {
  type: 'postgres',
  namingStrategy: new NamingStrategy(),
  installExtensions: false,
  synchronize: false,
  applicationName: 'assistant-backend',
} as const satisfies DataSourceOptions;

/** For the app: a pool whose clients set the owner with every statement. */
export const appOptions = (url: string, poolSize: number): DataSourceOptions => ({
  ...shared,
  url,
  poolSize,
  connectTimeoutMS: 3000,
  driver: ownerDriver,
  extra: {
    Client: OwnerClient,
    onConnect: prepareConnection,
    types,
    pipeline: true,
    keepAlive: true, // ends a long statement's wait for a server that is gone
    keepAliveInitialDelayMillis: 10_000,
  },
});

/** For the role that owns the schema: migrations, one transaction each. */
export const migrationOptions = (url: string): DataSourceOptions => ({
  ...shared,
  url,
  migrations,
  migrationsTableName: 'public.migrations',
  migrationsTransactionMode: 'each',
});

export const poolOf = (dataSource: DataSource) =>
  (dataSource.driver as unknown as { master: pg.Pool }).master;

/** How many connections came back to the pool inside a transaction. Each was destroyed; the number must stay 0. */
export const dirtyReleases = { count: 0 };

/** The net under every transaction: a connection that is not idle never reaches its next borrower. */
export async function createAppDataSource(options: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options).initialize();
  poolOf(dataSource).on('release', (error, released) => {
    const client = released as unknown as pg.Client & { getTransactionStatus(): string | null };
    if (error || client.getTransactionStatus() === 'I') return;
    dirtyReleases.count += 1;
    void client.end().catch(() => undefined);
  });
  return dataSource;
}
