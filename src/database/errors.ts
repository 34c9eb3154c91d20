/** No such row of this owner: absent, or someone else's. */
export class RowNotFound extends Error {}

/** The owner's own row is gone: erased meanwhile. Nothing was written. */
export class OwnerGone extends Error {}

/** Also where the database noticed, by the foreign key that every owned table has to its owner. */
export const isOwnerGone = (error: unknown): boolean =>
  error instanceof OwnerGone ||
  Boolean((error as { constraint?: string } | undefined)?.constraint?.endsWith('_owner_id_fkey'));

/** The database takes no writes for now: a stand-by, or one that was set to read only. */
export const isReadOnly = (error: unknown): boolean =>
  (error as { code?: string } | undefined)?.code === '25006';

/** The row has another version than the caller expected; nothing was written. */
export class StaleVersion extends Error {}

/** The row exists but is not in a state that allows the change; nothing was written. */
export class WrongState extends Error {}
