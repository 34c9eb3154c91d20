import sql, { fill, join, raw, type Sql } from './sql.js';
import type { ObjectLiteral } from 'typeorm';
import type { Keyset, Order, SortKey } from './page.js';
import type { TableShape } from './table-shape.js';

/** The keys of an order with the id behind them where it takes that to make it total. */
const total = <T>({ keys, unique }: Order<T>): SortKey<T>[] =>
  unique ? keys : [...keys, { property: 'id' as keyof T & string }];

export const orderBy = <T>(shape: TableShape, order: Order<T>): Sql =>
  raw(
    total(order)
      .map(({ property, expression = (value) => value }) => {
        return `${expression(shape.expression(property))} ${order.descending ? 'DESC' : 'ASC'}`;
      })
      .join(', '),
  );

/** Everything behind the keyset, as one row comparison: an index in the same order continues there. */
export function keysetCondition<T>(shape: TableShape, order: Order<T>, after: Keyset): Sql {
  const keys = total(order);
  const columns = keys.map(({ property, expression = (value) => value }) =>
    expression(shape.expression(property)),
  );
  const values = keys.map(({ property, expression = (value) => value }, i) => {
    const value = sql`${after[i]}::${raw(shape.type(property))}`;
    return fill(expression('\0'), value); // it may occur more than once in it
  });
  return sql`(${raw(columns.join(', '))}) ${raw(order.descending ? '<' : '>')} (${join(values)})`;
}

export const keysetOf = <T extends ObjectLiteral>(order: Order<T>, row: T): Keyset =>
  total(order).map(({ property }) => row[property] as string | number | null);
