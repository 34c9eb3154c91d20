import { Injectable, Logger } from '@nestjs/common';
import type { OwnerId } from '../../auth/owner-id.js';
import { WrongState } from '../../database/errors.js';
import { Transactions } from '../../database/transactions.js';
import { toProblem } from '../../http/problem.filter.js';
import type { FinishToolCall } from '../../tool-calls/tool-call.dto.js';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import { ToolCallsService } from '../../tool-calls/tool-calls.service.js';
import { UsersService } from '../../users/users.service.js';
import { type ToolContext, ToolError } from './tool.js';
import { Tools } from './tools.service.js';

/** Performs recorded calls of tools: each at most once, whoever tries, and however often. */
@Injectable()
export class ToolRuns {
  private readonly logger = new Logger(ToolRuns.name);

  constructor(
    private readonly tools: Tools,
    private readonly calls: ToolCallsService,
    private readonly users: UsersService,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Effect and finished row commit together; an effect that fails leaves nothing but a row with the status `error`. A call that is
   * finished already is answered as it is. To be called outside of any transaction, in the owner's context.
   * @throws RowNotFound, and whatever keeps the row from being written, such as a database that is busy: the call is pending
   *   then, and may be performed again
   */
  async perform(context: ToolContext, callId: string): Promise<ToolCall> {
    const start = performance.now();
    const duration = () => Math.round(performance.now() - start);
    try {
      return await this.transactions.run(async () => {
        await this.users.lockTier(context.owner); // first in the lock order, and the line in which calls wait
        const call = await this.calls.get(context.owner, callId);
        if (call.status !== 'pending') return call;
        const result = await this.tools.call(context, call.toolName, call.parameters);
        return this.calls.finish(context.owner, callId, {
          status: 'success',
          result,
          durationMs: duration(),
        });
      });
    } catch (error) {
      const result = { error: this.messageOf(error) };
      return this.finish(context.owner, callId, { status: 'error', result, durationMs: duration() });
    }
  }

  /** Pending to denied, without an effect; a call that is finished already is answered as it is. */
  deny(owner: OwnerId, callId: string, reason?: string): Promise<ToolCall> {
    return this.finish(owner, callId, { status: 'denied', result: reason === undefined ? null : { reason } });
  }

  private async finish(owner: OwnerId, callId: string, outcome: FinishToolCall): Promise<ToolCall> {
    try {
      return await this.calls.finish(owner, callId, outcome);
    } catch (error) {
      if (error instanceof WrongState) return this.calls.get(owner, callId);
      throw error;
    }
  }

  /** What is stored of a failure; thrown where there is nothing to store yet. */
  private messageOf(error: unknown): string {
    if (error instanceof ToolError) return error.message;
    if (toProblem(error).code !== 'internal_error') throw error;
    this.logger.error({ event: 'tool failed', error });
    return 'The tool has failed.';
  }
}
