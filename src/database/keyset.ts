import sql, { join, raw, type Sql } from 'sql-template-tag';
import type { ObjectLiteral } from 'typeorm';
import type { Keyset, Order } from './page.js';
import type { TableShape } from './table-shape.js';

/** The keys of an order with the id behind them, which makes it total. */
const total = <T>({ keys }: Order<T>) => [
  ...keys,
  { property: 'id' as keyof T & string, expression: undefined },
];

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
    const [before, behind] = expression('\0').split('\0');
    return sql`${raw(before!)}${after[i]}::${raw(shape.type(property))}${raw(behind!)}`;
  });
  return sql`(${raw(columns.join(', '))}) ${raw(order.descending ? '<' : '>')} (${join(values)})`;
}

export const keysetOf = <T extends ObjectLiteral>(order: Order<T>, row: T): Keyset =>
  total(order).map(({ property }) => row[property] as string | number | null);
