/** No such row of this owner: absent, or someone else's. */
export class RowNotFound extends Error {}

/** The row has another version than the caller expected; nothing was written. */
export class StaleVersion extends Error {}

/** The row exists but is not in a state that allows the change; nothing was written. */
export class WrongState extends Error {}
