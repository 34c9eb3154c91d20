import { Injectable } from '@nestjs/common';
import { OwnerScope } from './owner-scope.js';

/** Transactions for features. */
@Injectable()
export class Transactions {
  constructor(private readonly scope: OwnerScope) {}

  /**
   * Everything that `work` does through repositories commits together or not at all; inside another transaction it
   * joins that one. Short, and never around a call to anything but the database. Lock users, then aides, then
   * conversations, then messages.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.scope.transaction(work);
  }

  /** Calls `done`, which must not throw, when the current transaction is committed; at once where there is none. */
  afterCommit(done: () => void): void {
    this.scope.afterCommit(done);
  }

  /** The same for what may take minutes: deleting very many rows. */
  runLong<T>(work: () => Promise<T>): Promise<T> {
    return this.scope.longTransaction(work);
  }
}
