import { AsyncLocalStorage } from 'node:async_hooks';
import type { OwnerId } from './owner-id.js';

/** Whose request this is, known to the database layer without being passed: the second wall reads it. */
export interface OwnerContext {
  readonly owner: OwnerId | undefined;
  readonly requestId: string;
}

export const ownerContext = new AsyncLocalStorage<OwnerContext>();

/** Runs work as an owner outside a request: commands, channels and jobs. */
export const runAs = <T>(owner: OwnerId, requestId: string, work: () => Promise<T>): Promise<T> =>
  ownerContext.run({ owner, requestId }, work);
