import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import sql, { type Sql } from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { RowNotFound } from '../database/errors.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import type { Between, Difference, ListEvents, StateAt, LogVerification } from './aide-event.dto.js';
import { AideEvent } from './aide-event.entity.js';
import { Aide } from './aide.entity.js';
import { difference } from './json-diff.js';
import { patched, PatchFailed, type State } from './json-patch.js';

const STEP = 100; // events that a verification holds at once

/** The log of an aide's state, read in every way. */
@Injectable()
export class AideHistory {
  constructor(
    @InjectOwned(Aide) private readonly aides: OwnedRepository<Aide>,
    @InjectOwned(AideEvent) private readonly events: OwnedRepository<AideEvent>,
  ) {}

  list(owner: OwnerId, aideId: string, query: ListEvents): Promise<Page<AideEvent>> {
    const order = {
      keys: [{ property: 'version' as const }],
      descending: query.order === 'desc',
      unique: true,
    };
    const among = [sql`t.aide_id = ${aideId}`];
    return this.events.page(owner, query, order, { among, parent: () => this.aides.get(owner, aideId) });
  }

  async get(owner: OwnerId, aideId: string, version: number): Promise<AideEvent> {
    const event = await this.events.find(owner, [sql`t.aide_id = ${aideId}`, sql`t.version = ${version}`]);
    if (!event) throw new RowNotFound();
    return event;
  }

  /**
   * Up to `limit` events behind a version, oldest first; undefined where there is no such aide (any more).
   * One statement, for whoever follows the log.
   */
  async after(
    owner: OwnerId,
    aideId: string,
    version: number,
    limit: number,
  ): Promise<AideEvent[] | undefined> {
    const rows = await this.events.query(
      owner,
      sql`SELECT e.* FROM app.aides a LEFT JOIN LATERAL (
            SELECT ${this.events.columns()} FROM app.aide_events t
            WHERE t.owner_id = a.owner_id AND t.aide_id = a.id AND t.version > ${version}
            ORDER BY t.version LIMIT ${limit}) e ON true
          WHERE a.owner_id = ${owner} AND a.id = ${aideId} ORDER BY e.version`,
    );
    if (rows.length === 0) return undefined;
    return rows.filter(({ id }) => id !== null); // of an aide without events there is a row of nulls
  }

  /** @throws RowNotFound */
  async stateVersion(owner: OwnerId, aideId: string): Promise<number> {
    return (await this.aides.get(owner, aideId)).stateVersion;
  }

  /** @throws RowNotFound where the aide has not come to that version */
  async stateAt(owner: OwnerId, aideId: string, version?: number): Promise<StateAt> {
    const present = await this.aides.get(owner, aideId, { include: version === undefined ? ['state'] : [] });
    if (version === undefined) return { version: present.stateVersion, state: present.state! };
    if (version > present.stateVersion) throw new RowNotFound();
    return { version, state: await this.fold(owner, aideId, version) };
  }

  async difference(owner: OwnerId, aideId: string, between: Between): Promise<Difference> {
    const to = await this.stateAt(owner, aideId, between.to);
    const from = await this.stateAt(owner, aideId, between.from ?? Math.max(0, to.version - 1));
    return { from: from.version, to: to.version, operations: difference(from.state, to.state) };
  }

  /** Makes the state anew from the first event on, and compares it with every snapshot on the way and with the aide's. */
  async verify(owner: OwnerId, aideId: string): Promise<LogVerification> {
    const { state: stored, stateVersion } = await this.aides.get(owner, aideId, { include: ['state'] });
    let state: unknown = {};
    for (let done = 0; done < stateVersion; done += STEP) {
      const until = Math.min(done + STEP, stateVersion);
      const events = await this.range(owner, aideId, sql`t.version > ${done} AND t.version <= ${until}`);
      for (let version = done + 1; version <= until; version++) {
        const event = events[version - done - 1];
        const next = event?.version === version ? replay(state, event) : undefined;
        const isWrong = !next || (event!.state && !isDeepStrictEqual(event!.state, next.state));
        if (isWrong) return { valid: false, stateVersion, firstBroken: version };
        state = next.state;
      }
    }
    if (isDeepStrictEqual(state, stored)) return { valid: true, stateVersion };
    return { valid: false, stateVersion, firstBroken: stateVersion };
  }

  /** From the nearest snapshot at or before the version. */
  private async fold(owner: OwnerId, aideId: string, version: number): Promise<State> {
    const snapshot = sql`(SELECT max(s.version) FROM app.aide_events s
      WHERE s.owner_id = ${owner} AND s.aide_id = ${aideId} AND s.version <= ${version} AND s.state IS NOT NULL)`;
    const events = await this.range(
      owner,
      aideId,
      sql`t.version <= ${version} AND t.version >= coalesce(${snapshot}, 1)`,
    );
    const start = events[0]?.state;
    return events
      .slice(start ? 1 : 0)
      .reduce<unknown>((state, { operations }) => patched(state, operations), start ?? {}) as State;
  }

  private range(owner: OwnerId, aideId: string, versions: Sql): Promise<AideEvent[]> {
    return this.events.query(
      owner,
      sql`SELECT ${this.events.columns(['state'])} FROM app.aide_events t
          WHERE t.owner_id = ${owner} AND t.aide_id = ${aideId} AND ${versions} ORDER BY t.version`,
    );
  }
}

/** The state behind an event, or undefined where its patch does not apply. */
function replay(state: unknown, { operations }: AideEvent): { state: unknown } | undefined {
  try {
    return { state: patched(state, operations) };
  } catch (error) {
    if (error instanceof PatchFailed) return undefined;
    throw error;
  }
}
