import { Injectable } from '@nestjs/common';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { invalid, Problem } from '../../http/problem.js';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import type { Run } from '../runs/run.entity.js';
import { RunEnd } from '../runs/run-end.service.js';
import { RunServices } from '../runs/run-services.js';
import type { Decision } from './turn.dto.js';
import { TurnRows } from './turn-rows.service.js';

/** What becomes of calls that wait for their owner. In transactions that have locked the owner and the conversation. */
@Injectable()
export class Approvals {
  constructor(
    private readonly services: RunServices,
    private readonly ends: RunEnd,
    private readonly rows: TurnRows,
  ) {}

  /**
   * Denies what is denied; what is approved is left to the turn that goes on.
   * @throws Problem `invalid_request` where it is not each call that waits, once
   */
  async decide(owner: OwnerId, run: Run, decisions: Decision[]): Promise<void> {
    const pending = await this.ends.pendingCalls(owner, run);
    const byId = new Map(decisions.map((decision) => [decision.approvalId, decision]));
    if (decisions.length !== pending.length || !pending.every(({ id }) => byId.has(id)))
      throw invalid('/decisions', 'decisions', 'must be one for each call that waits');
    for (const { approvalId, approved, reason } of decisions)
      if (!approved) await this.services.toolRuns.deny(owner, approvalId, reason);
    await this.rows.move(owner, run, 'waiting', 'finished');
  }

  /** The turn that went on with these very decisions. @throws Problem `invalid_state` where it was other ones */
  async repeated(owner: OwnerId, run: Run, decisions: Decision[]): Promise<Run> {
    const next = await this.rows.continuing(owner, run.id);
    const calls: ToolCall[] = [];
    if (next)
      for (const { approvalId } of decisions) calls.push(await this.services.calls.get(owner, approvalId));
    const same = calls.every((call, i) => (call.status === 'denied') !== decisions[i]!.approved);
    if (!next || !same) throw new Problem('invalid_state', 'The turn waits for no decision.');
    return next;
  }

  /** Who goes on with another message has decided. */
  async denyUndecided(owner: OwnerId, conversationId: string): Promise<void> {
    const waiting = await this.rows.oldest(owner, conversationId, sql`t.status = 'waiting'`);
    if (!waiting) return;
    await this.end(owner, waiting, 'finished', 'The user went on without a decision.');
  }

  async end(owner: OwnerId, run: Run, status: 'finished' | 'stopped', reason: string): Promise<void> {
    await this.ends.deny(owner, await this.ends.pendingCalls(owner, run), reason);
    await this.rows.move(owner, run, 'waiting', status);
    await this.ends.next(owner, run);
  }
}
