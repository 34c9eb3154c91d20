import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import { newId } from '../database/new-id.js';
import type { OwnerId } from '../auth/owner-id.js';
import { Config } from '../config/config.js';
import { InjectOwned } from '../database/database.module.js';
import { Lookups } from '../database/lookups.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import { hashOfCode, hashOfNumber, newCode, readCode } from './pairing-code.js';
import { PairingCode } from './pairing-code.entity.js';
import type { SignalMapping } from './signal-mapping.entity.js';

/** Codes of an owner within an hour. */
const CODES_PER_HOUR = 10;

/** Pairing codes: issued to an owner, confirmed from a number. docs/signal.md */
@Injectable()
export class PairingService {
  constructor(
    @InjectOwned(PairingCode) private readonly codes: OwnedRepository<PairingCode>,
    private readonly lookups: Lookups,
    private readonly config: Config,
  ) {}

  /**
   * A new code, in whose place no older one of the mapping counts; undefined where the owner has had as many as an hour
   * allows. To be called under the lock of the owner's row, which makes the count exact and the newest the last.
   */
  async issue(
    owner: OwnerId,
    { id, phoneNumber }: SignalMapping,
  ): Promise<{ code: string; expiresAt: string } | undefined> {
    const code = newCode();
    const [issued] = await this.codes.query(
      owner,
      sql`INSERT INTO app.pairing_codes AS t (owner_id, id, mapping_id, code_hash, expires_at)
          SELECT ${owner}, ${newId()}, ${id}, ${hashOfCode(this.config.pairingKey, phoneNumber, code)},
            clock_timestamp() + interval '15 minutes'
          WHERE (SELECT count(*) FROM app.pairing_codes c
            WHERE c.owner_id = ${owner} AND c.created_at > now() - interval '1 hour') < ${CODES_PER_HOUR}
          RETURNING ${this.codes.columns()}`,
    );
    return issued && { code, expiresAt: issued.expiresAt };
  }

  /** Seconds until the owner may have another code. */
  async wait(owner: OwnerId): Promise<number> {
    const [row] = await this.codes.query<{ seconds: number }>(
      owner,
      sql`SELECT greatest(1, ceil(extract(epoch FROM min(c.created_at) + interval '1 hour' - now())))::int AS seconds
          FROM (SELECT created_at FROM app.pairing_codes WHERE owner_id = ${owner}
            ORDER BY created_at DESC LIMIT ${CODES_PER_HOUR}) AS c`,
    );
    return row!.seconds;
  }

  /** Whose claim a text that was sent from this number proves, if it is one's code. What is no code is no attempt. */
  async confirm(
    phone: string,
    text: string,
    requestId: string,
  ): Promise<{ owner: OwnerId; id: string } | undefined> {
    const code = readCode(text);
    if (!code) return undefined;
    const key = this.config.pairingKey;
    return this.lookups.confirmPairing(
      phone,
      hashOfCode(key, phone, code),
      hashOfNumber(key, phone),
      requestId,
    );
  }
}
