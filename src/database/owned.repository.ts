import sql, { empty, join, raw, type Sql } from './sql.js';
import type { ObjectLiteral } from 'typeorm';
import { newId } from './new-id.js';
import type { OwnerId } from '../auth/owner-id.js';
import { ownerContext } from '../auth/owner-context.js';
import { RowNotFound, StaleVersion, WrongState } from './errors.js';
import type { OwnerScope } from './owner-scope.js';
import { type Conditions, type Order, Page, type PageRequest, present, TRUE } from './page.js';
import { keysetCondition, keysetOf, orderBy } from './keyset.js';
import type { TableShape } from './table-shape.js';

/** Versions of which the row must have one; undefined where the caller does not mind. */
export type ExpectedVersion = readonly number[] | undefined;

/** New values, or SQL expressions for them. */
export type Changes<T> = { [Property in keyof T]?: T[Property] | Sql };

const LOCKS = { change: raw('FOR NO KEY UPDATE'), delete: raw('FOR UPDATE') };

export interface ReadOptions<T> {
  /** Columns that answers leave out unless asked for. */
  include?: (keyof T & string)[];
  where?: Conditions;
  /** `change` lets others refer to the row meanwhile, `delete` does not. */
  lock?: 'change' | 'delete';
}

export interface PageOptions<T> extends Pick<ReadOptions<T>, 'include'> {
  /** Which list it is; an index leads to its rows. */
  among?: Conditions;
  /** Which of its rows; where they are few among many, a page is a long read. */
  where?: Conditions;
  /** Called where the page is empty; throws where that is because what the rows belong to does not exist. */
  parent?: () => Promise<unknown>;
}

export interface WriteOptions {
  version?: ExpectedVersion;
  /** Rows that fail these do not exist for the caller: {@link RowNotFound}. */
  among?: Conditions;
  /** Rows that fail these exist but are not in the right state: {@link WrongState}. */
  where?: Conditions;
  /** What the audit log calls the change; 'create', 'update' or 'delete' where nothing better is said. */
  action?: string;
}

/**
 * The rows of one table as their owner sees them. The owner is the first argument of every method and a condition of
 * every statement. Answers are the rows as the API sends them: columns under their property names, times as text.
 */
export class OwnedRepository<T extends ObjectLiteral> {
  constructor(
    private readonly scope: OwnerScope,
    private readonly shape: TableShape,
  ) {}

  /** @throws RowNotFound */
  async get(owner: OwnerId, id: string, options: ReadOptions<T> = {}): Promise<T> {
    const row = await this.find(owner, [sql`t.id = ${id}`, ...(options.where ?? [])], options);
    if (!row) throw new RowNotFound();
    return row;
  }

  async find(owner: OwnerId, where: Conditions, options: ReadOptions<T> = {}): Promise<T | undefined> {
    const [row] = await this.scope.short<T>(
      sql`${this.select(owner, where, options.include)} LIMIT 1 ${options.lock ? LOCKS[options.lock] : empty}`,
    );
    return row;
  }

  /** @throws RowNotFound where the `parent` that was given says so */
  async page(
    owner: OwnerId,
    request: PageRequest,
    order: Order<T>,
    { among = [], where = [], include, parent }: PageOptions<T> = {},
  ): Promise<Page<T>> {
    const listed = [...among, ...where];
    const continued = [...listed, request.cursor && keysetCondition(this.shape, order, request.cursor)];
    const read = sql`${this.select(owner, continued, include)} ORDER BY ${orderBy(this.shape, order)} LIMIT ${request.limit + 1}`;
    const rows = await (present(where).length > 0 ? this.scope.query<T>(read) : this.scope.short<T>(read));
    if (rows.length === 0) await parent?.();
    const data = rows.slice(0, request.limit);
    const next = rows.length > data.length ? keysetOf(order, data.at(-1)!) : null;
    return new Page(data, next, request.total ? await this.count(owner, listed) : undefined);
  }

  async count(owner: OwnerId, where: Conditions = []): Promise<number> {
    const [row] = await this.scope.query<{ count: number }>(
      sql`SELECT count(*)::int AS count FROM ${this.shape.table} t WHERE ${this.owned(owner, where)}`,
    );
    return row!.count;
  }

  async insert(owner: OwnerId, values: Changes<T>, { action = 'create' }: WriteOptions = {}): Promise<T> {
    const row = { id: newId(), ...values, ownerId: owner };
    const columns = Object.keys(row).filter((column) => row[column] !== undefined);
    const statement = sql`INSERT INTO ${this.shape.table} AS t (${this.shape.names(columns)})
      VALUES (${join(columns.map((column) => this.shape.value(column, row[column])))})`;
    const [inserted] = await this.write(owner, statement, action);
    return inserted!;
  }

  /**
   * Changes the given columns; a JSON column is merged (RFC 7396), so concurrent changes of different keys are kept.
   * With nothing to change it answers the row as it is.
   * @throws RowNotFound, StaleVersion, WrongState
   */
  async update(owner: OwnerId, id: string, patch: Changes<T>, options: WriteOptions = {}): Promise<T> {
    const columns = Object.keys(patch).filter((column) => patch[column] !== undefined);
    if (columns.length === 0 && !options.action) return this.unchanged(owner, id, options);
    const changes = columns.map((column) => this.shape.assignment(column, patch[column]));
    const statement = sql`UPDATE ${this.shape.table} AS t
      SET ${join([...changes, ...this.shape.touched])}
      WHERE ${this.owned(owner, this.target(id, options))}`;
    const [row] = await this.write(owner, statement, options.action ?? 'update');
    return row ?? this.refuse(owner, id, options);
  }

  /**
   * A change of state that is allowed from where `where` holds; from anywhere else the row is answered as it is, so
   * that doing it twice is doing it once.
   * @throws RowNotFound, StaleVersion
   */
  async transition(owner: OwnerId, id: string, patch: Changes<T>, options: WriteOptions): Promise<T> {
    try {
      return await this.update(owner, id, patch, options);
    } catch (error) {
      if (error instanceof WrongState) return this.get(owner, id);
      throw error;
    }
  }

  /** @throws RowNotFound, StaleVersion, WrongState */
  async delete(owner: OwnerId, id: string, options: WriteOptions = {}): Promise<void> {
    const statement = sql`DELETE FROM ${this.shape.table} AS t WHERE ${this.owned(owner, this.target(id, options))}`;
    const [row] = await this.write(owner, statement, options.action ?? 'delete');
    if (!row) await this.refuse(owner, id, options);
  }

  /** A statement of the feature's own. It must name the owner: `... owner_id = ${owner} ...`. */
  query<Row extends object = T>(owner: OwnerId, statement: Sql): Promise<Row[]> {
    return this.scope.query<Row>(of(owner, statement));
  }

  /** One such statement with the values of several owners, never in a transaction: all of it commits together, or nothing. */
  queryEach<Row extends object = T>(
    statements: readonly { owner: OwnerId; statement: Sql }[],
  ): Promise<Row[][]> {
    const batch = statements.map(({ owner, statement }) => ({ owner, values: of(owner, statement).values }));
    return this.scope.together<Row>(statements[0]!.statement.text, batch);
  }

  /** The columns of an answer, for statements of the feature's own; the table is called `t` in them. */
  columns(include: (keyof T & string)[] = []): Sql {
    return this.shape.columns(include);
  }

  private select(owner: OwnerId, where: Conditions, include: (keyof T & string)[] = []): Sql {
    return sql`SELECT ${this.shape.columns(include)} FROM ${this.shape.table} t WHERE ${this.owned(owner, where)}`;
  }

  private owned(owner: OwnerId, where: Conditions): Sql {
    const conditions = present(where).map((condition) => sql`(${condition})`);
    return join([sql`${this.shape.owner} = ${owner}`, ...conditions], ' AND ');
  }

  private target(id: string, { version, among = [], where = [] }: WriteOptions): Conditions {
    return [sql`t.id = ${id}`, version && this.current(version), ...among, ...where];
  }

  private current(version: readonly number[]): Sql {
    return sql`${this.shape.version} = ANY(${version})`;
  }

  /** A write that answers its rows and, where the table is audited, records itself in the same statement. */
  private write(owner: OwnerId, statement: Sql, action: string): Promise<T[]> {
    const returning = sql`${statement} RETURNING ${this.shape.columns([])}`;
    if (!this.shape.audited) return this.scope.query<T>(returning);
    const requestId = ownerContext.getStore()?.requestId ?? null;
    return this.scope.query<T>(sql`WITH changed AS (${returning}), logged AS (
        INSERT INTO app.audit_log (owner_id, id, action, entity, entity_id, request_id)
        SELECT ${owner}, ${newId()}, ${action}, ${this.shape.audited}, changed.id, ${requestId} FROM changed)
      SELECT * FROM changed`);
  }

  private async unchanged(owner: OwnerId, id: string, options: WriteOptions): Promise<T> {
    const row = await this.find(owner, this.target(id, options));
    return row ?? this.refuse(owner, id, options);
  }

  /** Says why a change has met no row. One that would be met by now was hidden or of another version when it was tried. */
  private async refuse(
    owner: OwnerId,
    id: string,
    { version, among = [], where = [] }: WriteOptions,
  ): Promise<never> {
    const [row] = await this.scope.query<{ current: boolean }>(
      sql`SELECT ${version ? this.current(version) : TRUE} AS current
          FROM ${this.shape.table} t WHERE ${this.owned(owner, [sql`t.id = ${id}`, ...among])}`,
    );
    if (!row) throw new RowNotFound();
    if (row.current && present(where).length > 0) throw new WrongState();
    throw version ? new StaleVersion() : new RowNotFound();
  }
}

function of(owner: OwnerId, statement: Sql): Sql {
  if (!statement.values.includes(owner)) throw new Error('a statement without its owner');
  return statement;
}
