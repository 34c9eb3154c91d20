// oxlint-disable eslint/no-underscore-dangle -- the names are those of pg
import pg from 'pg';
import utils from 'pg/lib/utils.js';
import { serialize } from 'pg-protocol';
import type { OwnerId } from '../auth/owner-id.js';

export type Callback = (error: Error | null, result: pg.QueryResult) => void;

/** How the rows of a statement are parsed: what pg makes of a RowDescription. */
interface Shape {
  fields: unknown[];
  _parsers: unknown[];
  _prebuiltEmptyResultObject: object;
}
export interface Connection {
  stream: { write(bytes: Buffer): boolean };
  /** The named statements that the server has: their texts. */
  parsedStatements: Record<string, string>;
  /** Of the named statements that have answered rows on this connection: their columns, which cannot change. */
  shapes?: Map<string, Shape>;
}
/** The protocol hooks of `pg.Query` that its types leave out. */
interface ProtocolQuery {
  name: string | undefined;
  text: string;
  values: unknown[];
  _result: Shape & { rows: object[] };
  _accumulateRows: boolean;
  _canceledDueToError: Error | false;
  prepare(connection: Connection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}
const PgQuery = pg.Query as unknown as new (
  config: string | object,
  values: unknown,
  callback: Callback,
) => ProtocolQuery;

/** A query of which all messages go out in one write. */
export abstract class BaseQuery extends PgQuery {
  requiresPreparation(): boolean {
    return true;
  }

  /**
   * A named statement is parsed once on a connection. Until the server has said that it was, others that are sent meanwhile
   * parse it too, behind a Close, which is no error where there is nothing: whether the first one fails is not known yet.
   */
  protected parse(connection: Connection): Buffer[] {
    const parse = serialize.parse({ text: this.text, name: this.name });
    if (this.name === undefined) return [parse];
    if (connection.parsedStatements[this.name] !== undefined) return [];
    return [serialize.close({ type: 'S', name: this.name }), parse];
  }
}

/** Statements that every connection has prepared. */
export const SET_OWNER = { name: 'set_owner', text: `SELECT set_config('app.owner_id', $1, true)` };
export const BEGIN = { name: 'begin', text: 'BEGIN' };

export const prepareValue = (value: unknown) => utils.prepareValue(value);
export const EXECUTE = serialize.execute();
export const DESCRIBE = serialize.describe({ type: 'P' });
export const SYNC = serialize.sync();
const OPEN = Buffer.concat([serialize.bind({ statement: BEGIN.name }), EXECUTE]);

/**
 * A statement behind the setting of its owner, if it has one, and, where it opens a transaction, behind its BEGIN, before
 * one Sync: one round trip. Outside a transaction that is one implicit transaction (PostgreSQL, "Extended Query": everything between two
 * Syncs), so the setting ends with the statement.
 */
export class OwnerQuery extends BaseQuery {
  /** Commands before the statement, whose answers are not its own. */
  private leading: number;

  constructor(
    private readonly owner: OwnerId | undefined,
    private readonly opens: boolean,
    config: string | object,
    values: unknown,
    name: string | undefined,
    callback: Callback,
  ) {
    super(config, values, callback);
    this.name = name; // not by a configuration, which pg would copy
    this.leading = Number(opens) + Number(owner !== undefined);
  }

  /** A named statement is described until it has answered. */
  override prepare(connection: Connection): void {
    const messages: Buffer[] = this.opens ? [OPEN] : [];
    if (this.owner !== undefined)
      messages.push(serialize.bind({ statement: SET_OWNER.name, values: [this.owner] }), EXECUTE);
    const bind = this.bind();
    if (bind) {
      messages.push(...this.parse(connection), bind);
      const shape = this.name === undefined ? undefined : connection.shapes?.get(this.name);
      if (shape) Object.assign(this._result, shape);
      else messages.push(DESCRIBE);
      this._accumulateRows = true;
      messages.push(EXECUTE);
    }
    connection.stream.write(Buffer.concat([...messages, SYNC]));
  }

  /** Undefined where a value cannot be bound, which is answered when the connection is ready for the next statement. */
  private bind(): Buffer | undefined {
    try {
      return serialize.bind({ statement: this.name, values: this.values, valueMapper: prepareValue });
    } catch (error) {
      this._canceledDueToError = error as Error;
      return undefined;
    }
  }

  override handleDataRow(message: unknown): void {
    if (this.leading === 0) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.leading > 0) {
      this.leading -= 1;
      return;
    }
    super.handleCommandComplete(message, connection);
    const { fields, _parsers, _prebuiltEmptyResultObject } = this._result;
    if (this.name === undefined || fields.length === 0) return;
    connection.shapes ??= new Map();
    if (!connection.shapes.has(this.name))
      connection.shapes.set(this.name, { fields, _parsers, _prebuiltEmptyResultObject });
  }
}
