import pg from 'pg';
import { ownerContext } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';

type Callback = (error: Error | null, result: pg.QueryResult) => void;
interface Connection {
  bind(message: object): void;
  execute(message: object): void;
}
/** The protocol hooks of `pg.Query` that its types leave out. */
interface ProtocolQuery {
  prepare(connection: Connection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}
const BaseQuery = pg.Query as unknown as new (
  config: object,
  values: unknown,
  callback: Callback,
) => ProtocolQuery;
// oxlint-disable-next-line typescript/unbound-method -- called with its client below
const plainQuery = pg.Client.prototype.query as unknown as (...args: unknown[]) => Promise<pg.QueryResult>;

const SET_OWNER = { name: 'set_owner', text: `SELECT set_config('app.owner_id', $1, true)` };
const BEGIN = { name: 'begin', text: 'BEGIN' };
const TRANSACTION_CONTROL = /^\s*(?:START|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|SET)\b/i;
const MAX_NAMES = 500;
const MAX_NAMED_LENGTH = 8000;

/**
 * A statement behind the setting of its owner and, where it opens a transaction, behind its BEGIN, before one Sync: one
 * round trip. Outside a transaction that is one implicit transaction (PostgreSQL, "Extended Query": everything between two
 * Syncs), so the setting ends with the statement.
 */
class OwnedQuery extends BaseQuery {
  /** Commands before the statement, whose answers are not its own. */
  private leading: number;

  constructor(
    private readonly owner: OwnerId,
    private readonly opens: boolean,
    config: object,
    values: unknown,
    callback: Callback,
  ) {
    super(config, values, callback);
    this.leading = opens ? 2 : 1;
  }

  requiresPreparation(): boolean {
    return true;
  }

  override prepare(connection: Connection): void {
    if (this.opens) {
      connection.bind({ portal: '', statement: BEGIN.name, values: [] });
      connection.execute({ portal: '' });
    }
    connection.bind({ portal: '', statement: SET_OWNER.name, values: [this.owner] });
    connection.execute({ portal: '' });
    super.prepare(connection);
  }

  override handleDataRow(message: unknown): void {
    if (this.leading === 0) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.leading > 0) this.leading -= 1;
    else super.handleCommandComplete(message, connection);
  }
}

const names = new Map<string, string>();

/** Parametrised statements are prepared under a name, once for each connection; the number of names is bounded. */
function statementName(text: string): string | undefined {
  const known = names.get(text);
  if (known || names.size >= MAX_NAMES || text.length > MAX_NAMED_LENGTH) return known;
  const name = `s${names.size}`;
  names.set(text, name);
  return name;
}

/** The pool's client: every statement runs as the owner of the current context, and as nobody where there is none. */
export class OwnerClient extends pg.Client {
  private opening = false;

  /** Opens a transaction, in the round trip of its first statement. */
  begin(): void {
    this.opening = true;
  }

  /**
   * Ends it; without a statement there was none.
   * @throws Error where it was to be committed but a statement of it had failed
   */
  async finish(command: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (this.opening) this.opening = false;
    else if ((await plainQuery.call(this, command)).command !== command)
      throw new Error('a statement of the transaction had failed: nothing is committed');
  }

  // @ts-expect-error the overloads of pg.Client#query cannot be expressed by one implementation
  override query(config: unknown, values?: unknown, callback?: Callback): unknown {
    const text = typeof config === 'string' ? config : (config as { text?: string }).text;
    if (!text || isSubmittable(config) || TRANSACTION_CONTROL.test(text))
      return this.ownerless(config, values, callback);
    const done = typeof values === 'function' ? (values as Callback) : callback;
    const params = typeof values === 'function' ? undefined : (values ?? (config as pg.QueryConfig).values);
    const named = {
      ...(typeof config === 'string' ? { text } : (config as object)),
      name: Array.isArray(params) && params.length > 0 ? statementName(text) : undefined,
    };
    const owner = ownerContext.getStore()?.owner;
    if (!owner) return this.ownerless(named, params, done);
    const { opening } = this;
    this.opening = false;
    if (done) return plainQuery.call(this, new OwnedQuery(owner, opening, named, params, done));
    return new Promise((resolve, reject) => {
      const settle: Callback = (error, result) => (error ? reject(error) : resolve(result));
      void plainQuery.call(this, new OwnedQuery(owner, opening, named, params, settle));
    });
  }

  private ownerless(config: unknown, values?: unknown, callback?: Callback): unknown {
    if (this.opening) void plainQuery.call(this, BEGIN.text, undefined, () => undefined); // what follows fails if it does
    this.opening = false;
    return plainQuery.call(this, config, values, callback);
  }
}

const isSubmittable = (config: unknown) => typeof (config as { submit?: unknown }).submit === 'function';

/** Prepares what goes before statements on a new connection; by pg's own `query`, because a request's context may be current. */
export async function prepareConnection(client: pg.Client): Promise<void> {
  // A connection that is cut while borrowed fails its statements; unheard, its event would end the process.
  client.on('error', () => undefined);
  await plainQuery.call(client, { ...SET_OWNER, values: [''] });
  await plainQuery.call(client, BEGIN);
  await plainQuery.call(client, 'ROLLBACK');
}
