import { type Sql, raw } from './sql.js';

/** The values of a row in the order of a list: where the next page starts. */
export type Keyset = readonly (string | number | null)[];

/** One page of rows in the order of the list; `next` is null on the last page. */
export class Page<T> {
  constructor(
    readonly data: T[],
    readonly next: Keyset | null,
    readonly total?: number,
  ) {}
}

/** What a caller asks of a list: at most `limit` rows behind the cursor, and the exact count if `total`. */
export interface PageRequest {
  limit: number;
  cursor?: Keyset;
  total?: boolean;
}

/** One key of an order. `expression` is applied to the column and to the cursor's value alike. */
export interface SortKey<T> {
  property: keyof T & string;
  expression?: (value: string) => string;
}

/** An order, made total by the id. All keys run in one direction, so a row comparison continues it. */
export interface Order<T> {
  keys: SortKey<T>[];
  descending?: boolean;
  /** The keys alone are total: no two rows of the list share them. Then the id would only stand in an index's way. */
  unique?: boolean;
}

export const newestFirst = <T>(property: keyof T & string): Order<T> => ({
  keys: [{ property }],
  descending: true,
});

/** Conditions that may be absent, such as the filters of a query. */
export type Conditions = (Sql | false | null | undefined | '')[];

export const present = (conditions: Conditions): Sql[] =>
  conditions.filter((condition): condition is Sql => Boolean(condition));

export const TRUE = raw('true');
