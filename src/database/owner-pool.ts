import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';

type ConnectCallback = Parameters<pg.Pool['connect']>[0];

/**
 * A waiting `connect` is called back from the `release` of whoever had the connection, in that one's context: without
 * this, a statement of `pool.query` would run as another request's owner whenever the pool is exhausted.
 */
export class OwnerPool extends pg.Pool {
  // @ts-expect-error the overloads of pg.Pool#connect cannot be expressed by one implementation
  override connect(callback?: ConnectCallback): unknown {
    return callback ? super.connect(AsyncLocalStorage.bind(callback)) : super.connect();
  }
}

/** pg with this pool, for TypeORM's `driver` option. */
export const ownerDriver = { ...pg, Pool: OwnerPool };
