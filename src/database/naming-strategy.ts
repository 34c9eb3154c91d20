import { DefaultNamingStrategy, type Table } from 'typeorm';
import { snakeCase } from 'typeorm/util/StringUtils.js';

const nameOf = (table: Table | string) => (typeof table === 'string' ? table : table.name).split('.').pop()!;

/** snake_case columns, and constraints named as PostgreSQL itself would: errors are mapped by these names. */
export class NamingStrategy extends DefaultNamingStrategy {
  override columnName(property: string, custom: string | undefined): string {
    return custom ?? snakeCase(property);
  }

  override primaryKeyName(table: Table | string): string {
    return `${nameOf(table)}_pkey`;
  }

  override foreignKeyName(table: Table | string, columns: string[]): string {
    return `${nameOf(table)}_${columns.at(-1)!}_fkey`;
  }

  override uniqueConstraintName(table: Table | string, columns: string[]): string {
    return `${nameOf(table)}_${columns.at(-1)!}_key`;
  }
}
