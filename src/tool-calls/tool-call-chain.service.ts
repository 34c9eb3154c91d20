import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import type { OwnedRepository } from '../database/owned.repository.js';
import type { Order, Page, PageRequest } from '../database/page.js';
import { ChainEntry } from './chain-entry.entity.js';
import { digestOf, genesis, hashOf } from './proof.js';
import type { ChainHead, Verification } from './tool-call.dto.js';
import { ToolCall } from './tool-call.entity.js';

const POSITION: Order<ChainEntry> = { keys: [{ property: 'position' }], unique: true };

/** Entries and their calls that are read at once: at most 100 × 512 kB of parameters and results. */
const PAGE = 100;

interface Link {
  entry: ChainEntry;
  /** Null where it is gone. */
  call: ToolCall | null;
  /** The call is gone, but not the message with which alone it goes. */
  torn: boolean;
}

/** One chain of proofs for each owner: docs/tool-calls.md. */
@Injectable()
export class ToolCallChainService {
  constructor(
    @InjectOwned(ChainEntry) private readonly entries: OwnedRepository<ChainEntry>,
    @InjectOwned(ToolCall) private readonly calls: OwnedRepository<ToolCall>,
  ) {}

  /**
   * Chains a call, in the transaction that finishes it and under the lock of the owner's row. A statement of its own: what the
   * lock was waited for is visible to it alone.
   */
  async append(owner: OwnerId, call: ToolCall): Promise<void> {
    const digest = digestOf(call);
    await this.entries.query(
      owner,
      sql`WITH last AS (SELECT position, hash FROM app.tool_call_chain WHERE owner_id = ${owner}
            ORDER BY position DESC LIMIT 1)
          INSERT INTO app.tool_call_chain (owner_id, id, message_id, digest, position, hash)
          SELECT ${owner}, ${call.id}, ${call.messageId}, ${digest}, coalesce(last.position, 0) + 1,
            encode(sha256(convert_to(concat_ws(':', coalesce(last.hash, ${genesis(owner)}), ${call.id}::text,
              ${call.messageId}::text, ${digest}::text), 'UTF8')), 'hex')
          FROM (VALUES (1)) AS always LEFT JOIN last ON true`,
    );
  }

  list(owner: OwnerId, query: PageRequest): Promise<Page<ChainEntry>> {
    return this.entries.page(owner, query, POSITION);
  }

  /** Folds the chain, page by page, up to the first entry that does not follow or does not fit its call. */
  async verify(owner: OwnerId): Promise<Verification> {
    let head: ChainHead = { position: 0, hash: genesis(owner) };
    let removed = 0;
    const state = () => ({ checked: head.position, removed, ...(head.position > 0 && { head }) });
    for (;;) {
      const links = await this.links(owner, head.position);
      for (const link of links) {
        const { id, position, hash } = link.entry;
        if (!follows(link, head)) return { valid: false, ...state(), firstBroken: { id, position } };
        head = { position, hash };
        if (!link.call) removed += 1;
      }
      if (links.length < PAGE) break;
    }
    const id = await this.unchained(owner);
    if (id) return { valid: false, ...state(), firstBroken: { id, position: null } };
    return { valid: true, ...state() };
  }

  private async links(owner: OwnerId, after: number): Promise<Link[]> {
    const rows = await this.calls.query<{ entry: ChainEntry; torn: boolean } & ToolCall>(
      owner,
      sql`SELECT json_build_object('id', e.id, 'position', e.position, 'messageId', e.message_id, 'digest', e.digest,
            'hash', e.hash) AS entry, ${this.calls.columns()},
            t.id IS NULL AND EXISTS (SELECT FROM app.messages m
              WHERE m.owner_id = e.owner_id AND m.id = e.message_id) AS torn
          FROM app.tool_call_chain e LEFT JOIN app.tool_calls t ON t.owner_id = e.owner_id AND t.id = e.id
          WHERE e.owner_id = ${owner} AND e.position > ${after} ORDER BY e.position LIMIT ${PAGE}`,
    );
    return rows.map(({ entry, torn, ...call }) => ({ entry, torn, call: call.id === null ? null : call }));
  }

  /** A finished call that was never chained. */
  private async unchained(owner: OwnerId): Promise<string | undefined> {
    const [call] = await this.calls.query(
      owner,
      sql`SELECT t.id FROM app.tool_calls t WHERE t.owner_id = ${owner} AND t.status <> 'pending'
            AND NOT EXISTS (SELECT FROM app.tool_call_chain e WHERE e.owner_id = t.owner_id AND e.id = t.id)
          ORDER BY t.id LIMIT 1`,
    );
    return call?.id;
  }
}

const follows = ({ entry, call, torn }: Link, head: ChainHead): boolean =>
  entry.position === head.position + 1 &&
  entry.hash === hashOf(head.hash, entry) &&
  (call ? fits(entry, call) : !torn);

function fits(entry: ChainEntry, call: ToolCall): boolean {
  try {
    return digestOf(call) === entry.digest;
  } catch {
    return false; // a number that no JSON of ours can hold: written past the API
  }
}
