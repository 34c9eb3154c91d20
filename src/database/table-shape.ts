import sql, { join, raw, Sql } from './sql.js';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { auditedName } from './audited.decorator.js';

const OWNER = 'ownerId';

/** The SQL of one table, from the metadata of its entity. Every name in it comes from there, never from a request. */
export class TableShape {
  readonly table: Sql;
  /** The name under which changes are recorded in the audit log, if they are. */
  readonly audited: string | undefined;
  private readonly byProperty: Map<string, ColumnMetadata>;
  private readonly selections = new Map<string, Sql>();

  constructor(metadata: EntityMetadata) {
    this.table = raw(metadata.tablePath);
    this.audited = auditedName(metadata.target);
    this.byProperty = new Map(metadata.columns.map((column) => [column.propertyName, column]));
  }

  /** The column, or the expression of a virtual one, in a statement that calls the table `t`. */
  expression(property: string): string {
    const column = this.column(property);
    return column.isVirtualProperty ? column.query!('t') : `t.${column.databaseName}`;
  }

  get owner(): Sql {
    return raw(this.expression(OWNER));
  }

  get version(): Sql {
    return raw(this.expression('version'));
  }

  /** The columns of an answer, each under its property's name. The owner is never among them. */
  columns(include: string[]): Sql {
    const key = include.join();
    const known = this.selections.get(key);
    if (known) return known;
    const selected = [...this.byProperty.values()].filter(
      ({ propertyName, isSelect }) => propertyName !== OWNER && (isSelect || include.includes(propertyName)),
    );
    const list = selected.map(({ propertyName }) => `${this.expression(propertyName)} AS "${propertyName}"`);
    const columns = raw(list.join(', '));
    this.selections.set(key, columns);
    return columns;
  }

  /** What every change of a versioned row changes too. */
  get touched(): Sql[] {
    return this.byProperty.has('updatedAt') ? [sql`version = t.version + 1`, sql`updated_at = now()`] : [];
  }

  names(properties: string[]): Sql {
    return raw(properties.map((property) => this.column(property).databaseName).join(', '));
  }

  type(property: string): string {
    const { type, precision } = this.column(property);
    return precision === undefined || precision === null ? String(type) : `${String(type)}(${precision})`;
  }

  /** A parameter; JSON goes as text, because pg makes PostgreSQL arrays of JavaScript's. */
  value(property: string, value: unknown): Sql {
    if (value instanceof Sql) return value;
    const json = this.column(property).type === 'jsonb' && value !== null && value !== undefined;
    return sql`${json ? JSON.stringify(value) : value}`;
  }

  assignment(property: string, value: unknown): Sql {
    const { databaseName, type } = this.column(property);
    if (value instanceof Sql) return sql`${raw(databaseName)} = ${value}`;
    const given = this.value(property, value);
    if (type !== 'jsonb' || value === null) return join([raw(databaseName), given], ' = ');
    return sql`${raw(databaseName)} = app.merge_patch(t.${raw(databaseName)}, ${given})`;
  }

  private column(property: string): ColumnMetadata {
    const column = this.byProperty.get(property);
    if (!column) throw new Error(`no column for ${property}`);
    return column;
  }
}
