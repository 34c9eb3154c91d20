import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import { newId } from '../database/new-id.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { StaleVersion, WrongState } from '../database/errors.js';
import { Notifications } from '../database/notifications.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import { Transactions } from '../database/transactions.js';
import { invalid, Problem } from '../http/problem.js';
import type { AppendEvent, RollBack } from './aide-event.dto.js';
import { type Actor, AideEvent, CREATED, type EventChannel, ROLLBACK } from './aide-event.entity.js';
import { AideHistory } from './aide-history.service.js';
import { Aide } from './aide.entity.js';
import { difference } from './json-diff.js';
import type { Operation, State } from './json-patch.js';
import { nextState } from './state-limits.js';

const SNAPSHOT = 100; // events

/** Who appends, and through what. */
export interface Author {
  actor: Actor;
  channel: EventChannel;
}

/** What the aide must still be: the number of its events, a version of its own (its ETag), or both. */
interface Expectation {
  stateVersion: number | undefined;
  version: ExpectedVersion;
}

interface Change {
  type: string;
  operations: readonly Operation[];
  state: State;
}

/** Appends to the log of an aide's state, which changes in no other way. */
@Injectable()
export class AideEventsService {
  constructor(
    @InjectOwned(Aide) private readonly aides: OwnedRepository<Aide>,
    @InjectOwned(AideEvent) private readonly events: OwnedRepository<AideEvent>,
    private readonly history: AideHistory,
    private readonly transactions: Transactions,
    private readonly notifications: Notifications,
  ) {}

  /** @throws Problem `patch_failed`, StaleVersion, and WrongState where the aide is archived: then nothing is written */
  append(
    owner: OwnerId,
    aideId: string,
    { type, operations, expectedVersion }: AppendEvent,
    author: Author,
    version?: ExpectedVersion,
  ): Promise<AideEvent> {
    return this.change(owner, aideId, author, expectation(expectedVersion, version), ({ state }) => ({
      type,
      operations,
      state: nextState(state!, operations),
    }));
  }

  /** Makes the state what it was at a version, by a new event; one without operations where it is that already. */
  rollBack(
    owner: OwnerId,
    aideId: string,
    { version: to, expectedVersion }: RollBack,
    author: Author,
    version?: ExpectedVersion,
  ): Promise<AideEvent> {
    const expected = expectation(expectedVersion, version);
    return this.change(owner, aideId, author, expected, async ({ state, stateVersion }) => {
      if (to > stateVersion) throw noSuchVersion();
      const target = await this.history.stateAt(owner, aideId, to);
      return { type: ROLLBACK, operations: difference(state!, target.state), state: target.state };
    });
  }

  /** The first event of an aide that is created with a state, in the transaction that creates it. */
  async begin(owner: OwnerId, aideId: string, value: State): Promise<void> {
    const operations: Operation[] = [{ op: 'add', path: '', value }];
    await this.events.insert(owner, { aideId, version: 1, type: CREATED, operations, ...OWNER });
  }

  /**
   * Reads, makes the change, and writes it where nobody else has appended meanwhile: the condition stands in the
   * statement, so that no lock is held while the patch is applied.
   */
  private async change(
    owner: OwnerId,
    aideId: string,
    author: Author,
    expected: Expectation,
    make: (aide: Aide) => Change | Promise<Change>,
  ): Promise<AideEvent> {
    const aide = await this.expected(owner, aideId, expected);
    const change = await make(aide);
    const event = await this.write(owner, aide, expected.version, change, author);
    if (!event) {
      await this.expected(owner, aideId, expected);
      throw new StaleVersion();
    }
    this.wakeFollowers(aideId);
    return event;
  }

  /** Tells those who follow the aide, once what is being done is committed, to look again. */
  wakeFollowers(aideId: string): void {
    this.transactions.afterCommit(() => this.notifications.tell(aideId));
  }

  private async expected(
    owner: OwnerId,
    aideId: string,
    { stateVersion, version }: Expectation,
  ): Promise<Aide> {
    const aide = await this.aides.get(owner, aideId, { include: ['state'] });
    if (stateVersion !== undefined && stateVersion !== aide.stateVersion) throw new StaleVersion();
    if (version && !version.includes(aide.version)) throw new StaleVersion();
    if (aide.status === 'archived') throw new WrongState();
    return aide;
  }

  private async write(
    owner: OwnerId,
    aide: Aide,
    version: ExpectedVersion,
    { type, operations, state }: Change,
    { actor, channel }: Author,
  ): Promise<AideEvent | undefined> {
    const next = aide.stateVersion + 1;
    const json = JSON.stringify(state);
    const [event] = await this.events.query(
      owner,
      sql`WITH changed AS (
          UPDATE app.aides SET state = ${json}::jsonb, state_version = ${next}, version = version + 1, updated_at = now()
          WHERE owner_id = ${owner} AND id = ${aide.id} AND state_version = ${aide.stateVersion}
            AND (${version ?? null}::int[] IS NULL OR version = ANY(${version ?? null}::int[])) AND status <> 'archived'
          RETURNING owner_id, id)
        INSERT INTO app.aide_events AS t (owner_id, id, aide_id, version, type, operations, actor, channel, state)
        SELECT owner_id, ${newId()}, id, ${next}, ${type}, ${JSON.stringify(operations)}::jsonb, ${actor}, ${channel},
          ${next % SNAPSHOT === 0 ? json : null}::jsonb
        FROM changed RETURNING ${this.events.columns()}`,
    );
    return event;
  }
}

/** Over REST it is the owner. */
export const OWNER: Author = { actor: 'owner', channel: 'web' };

function expectation(stateVersion: number | undefined, version: ExpectedVersion): Expectation {
  if (stateVersion === undefined && !version)
    throw invalid('/expectedVersion', 'required', 'must be given, or If-Match with an ETag of the aide');
  return { stateVersion, version };
}

const noSuchVersion = () =>
  new Problem('reference_not_found', undefined, [
    { pointer: '/version', code: 'reference', detail: 'must be a version that the state has had' },
  ]);
