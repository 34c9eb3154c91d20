import pg from 'pg';
import { ownerContext } from '../auth/owner-context.js';
import { OwnerBatch, type OwnerValues } from './owner-batch.js';
import { BEGIN, type Callback, OwnerQuery, SET_OWNER } from './owner-query.js';
import { endUnanswered, PATIENCE } from './unanswered.js';

// oxlint-disable-next-line typescript/unbound-method -- called with its client below
const plainQuery = pg.Client.prototype.query as unknown as (...args: unknown[]) => Promise<pg.QueryResult>;

const TRANSACTION_CONTROL = /^\s*(?:START|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|SET)\b/i;
const MAX_NAMES = 500;
const MAX_NAMED_LENGTH = 8000;

const names = new Map<string, string>();

/** Parametrised statements are prepared under a name, once for each connection; the number of names is bounded. */
function statementName(text: string, params: unknown): string | undefined {
  if (!Array.isArray(params) || params.length === 0) return undefined;
  const known = names.get(text);
  if (known || names.size >= MAX_NAMES || text.length > MAX_NAMED_LENGTH) return known;
  const name = `s${names.size}`;
  names.set(text, name);
  return name;
}

/** The pool's client: every statement runs as the owner of the current context, and as nobody where there is none. */
export class OwnerClient extends pg.Client {
  /** How long a statement may take, in milliseconds; longer only for as long as its transaction may. */
  patience = PATIENCE;
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
    const name = statementName(text, params);
    const owner = ownerContext.getStore()?.owner;
    if (!owner && !name) return this.ownerless(config, params, done);
    const { opening } = this;
    this.opening = false;
    const send = (settle: Callback) =>
      plainQuery.call(this, new OwnerQuery(owner, opening, config as string | object, params, name, settle));
    if (done) return send(done);
    return new Promise((resolve, reject) => {
      void send((error, result) => (error ? reject(error) : resolve(result)));
    });
  }

  /** The statement as each of these owners in turn, in one transaction of one round trip; never within another. */
  together(text: string, batch: readonly OwnerValues[]): Promise<object[][]> {
    return new Promise((resolve, reject) => {
      const name = statementName(text, batch[0]?.values);
      const query = new OwnerBatch(batch, text, name, (error) =>
        error ? reject(error) : resolve(query.answers),
      );
      void plainQuery.call(this, query);
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
export async function prepareConnection(client: OwnerClient): Promise<void> {
  // A connection that is cut while borrowed fails its statements; unheard, its event would end the process.
  client.on('error', () => undefined);
  endUnanswered(client);
  await plainQuery.call(client, { ...SET_OWNER, values: [''] });
  await plainQuery.call(client, BEGIN);
  await plainQuery.call(client, 'ROLLBACK');
}
