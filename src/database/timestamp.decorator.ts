import { Column } from 'typeorm';

/** timestamptz(3), which answers show as RFC 3339 with milliseconds. */
export const Timestamp = (options: { nullable?: boolean; select?: boolean } = {}) =>
  Column({ type: 'timestamptz', precision: 3, ...options });

/** A timestamp that the database sets to its own time. */
export const TimestampNow = () => Column({ type: 'timestamptz', precision: 3, default: () => 'now()' });
