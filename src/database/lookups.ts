import { Injectable } from '@nestjs/common';
import sql from './sql.js';
import { newId } from './new-id.js';
import { type OwnerId, toOwnerId } from '../auth/owner-id.js';
import { OwnerScope } from './owner-scope.js';

/** What the shared store grants of a rate limit, see `app.take_lease`. */
export interface Lease {
  granted: number;
  /** What it can grant to all instances until the window ends. */
  remaining: number;
  /** Until the window ends. */
  seconds: number;
}

/** The only statements without an owner: four look-ups, the confirmation of numbers, the purges and the leases, each a narrow function of the database. */
@Injectable()
export class Lookups {
  constructor(private readonly scope: OwnerScope) {}

  /** The allow-listed fields of a published aide. */
  async publishedAide<Row extends object>(slug: string): Promise<Row | undefined> {
    const [found] = await this.scope.short<Row>(
      sql`SELECT slug, title, state, version, published_at AS "publishedAt" FROM lookup.published_aide(${slug})`,
    );
    return found;
  }

  /** Whose verified number it is. This and the next three are, besides the guard, the only places that make an owner. */
  async signalMapping(phone: string): Promise<{ owner: OwnerId; id: string } | undefined> {
    const [found] = await this.scope.query<{ owner: string; id: string }>(
      sql`SELECT owner, id FROM lookup.signal_mapping(${phone})`,
    );
    return found && { owner: toOwnerId(found.owner)!, id: found.id };
  }

  /** Verifies the claim of this number that has this code, and says whose it is; the codes are known by keyed hashes alone. */
  async confirmPairing(
    phone: string,
    code: Buffer,
    number: Buffer,
    requestId: string,
  ): Promise<{ owner: OwnerId; id: string } | undefined> {
    const [found] = await this.scope.query<{ owner: string; id: string }>(
      sql`SELECT owner, id FROM lookup.confirm_pairing(${phone}, ${code}, ${number}, ${requestId}, ${[newId(), newId()]})`,
    );
    return found && { owner: toOwnerId(found.owner)!, id: found.id };
  }

  /** Uses a ticket up, known by its hash alone: whose it was, and when the token that asked for it is refused from. */
  async takeSocketTicket(hash: Buffer): Promise<{ owner: OwnerId; expires: number } | undefined> {
    const [found] = await this.scope.beside<{ owner: string; expires: number }>(
      sql`SELECT owner, extract(epoch FROM token_expires_at)::float8 * 1000 AS expires
          FROM lookup.take_socket_ticket(${hash})`,
    );
    return found && { owner: toOwnerId(found.owner)!, expires: found.expires };
  }

  /** Turns of a chat that nobody does any more, at most so many, the longest abandoned first. */
  async lapsedRuns(most: number): Promise<{ owner: OwnerId; id: string }[]> {
    const found = await this.scope.beside<{ owner: string; id: string }>(
      sql`SELECT owner, id FROM lookup.lapsed_runs(${most})`,
    );
    return found.map(({ owner, id }) => ({ owner: toOwnerId(owner)!, id }));
  }

  /** Counts `wanted` requests of a subject, of whom the database learns a keyed hash alone. */
  async takeLease(subject: Buffer, quota: number, wanted: number): Promise<Lease> {
    const [lease] = await this.scope.beside<Lease>(
      sql`SELECT granted, remaining, seconds FROM app.take_lease(${subject}, ${quota}, ${wanted})`,
    );
    return lease!;
  }

  /** Removes what was deleted before `days` days, keys of retries after their 48 hours, old pairing codes and tickets, and what streams of a day ago have said; undefined where that has been done within the hour. */
  purge(days: number): Promise<number | undefined> {
    return this.scope.longTransaction(async () => {
      const [row] = await this.scope.query<{ gone: number | null }>(
        sql`SELECT app.purge(make_interval(days => ${days}))::int AS gone`,
      );
      if (row!.gone === null) return undefined;
      await this.scope.query(sql`SELECT app.purge_idempotency_keys()`);
      await this.scope.query(sql`SELECT app.purge_pairing_codes()`);
      await this.scope.query(sql`SELECT app.purge_run_chunks()`);
      await this.scope.query(sql`SELECT app.purge_socket_tickets()`);
      return row!.gone;
    });
  }
}
