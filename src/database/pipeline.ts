import type { Duplex } from 'node:stream';
import type pg from 'pg';

/** How many share a connection at most: the next ones take another, so that nobody waits long for the answers of others. */
const MOST = 6;

interface Group<Client> {
  client: Promise<Client>;
  /** How many have joined it. */
  size: number;
  /** Who still needs the connection: those that wait for their answers, and the group itself until it is sent. */
  users: number;
}

/**
 * Statements that begin in the same turn of the event loop, or that wait for a connection together, share one: they go out
 * in one write, each before a Sync of its own, which makes each a transaction with its own owner and its own error
 * (PostgreSQL, "Pipelining"). For short statements alone, because each is answered behind those before it.
 */
export class Pipeline<Client extends pg.PoolClient> {
  private open: Group<Client> | undefined;

  constructor(private readonly pool: pg.Pool) {}

  /** @param work sends one statement at once, and is done when it is answered */
  async run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const group = (this.open ??= this.begin());
    group.users += 1;
    group.size += 1;
    if (group.size === MOST) this.open = undefined;
    const client = await group.client;
    try {
      return await work(client);
    } finally {
      leave(group, client);
    }
  }

  private begin(): Group<Client> {
    const group: Group<Client> = { client: this.pool.connect() as Promise<Client>, size: 0, users: 1 };
    const close = () => {
      if (this.open === group) this.open = undefined;
    };
    group.client.then((client) => {
      const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
      stream.cork();
      setImmediate(() => {
        close();
        stream.uncork();
        leave(group, client);
      });
    }, close);
    return group;
  }
}

function leave(group: Group<pg.PoolClient>, client: pg.PoolClient): void {
  group.users -= 1;
  if (group.users === 0) client.release();
}
