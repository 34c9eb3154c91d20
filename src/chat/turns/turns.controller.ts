import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Owner } from '../../auth/owner.decorator.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { TokenExpiry } from '../../auth/token-expiry.decorator.js';
import type { Page } from '../../database/page.js';
import { LargeBody } from '../../http/body.js';
import { Id } from '../../http/id.decorator.js';
import { LastEventId } from '../../http/last-event-id.decorator.js';
import { LocatedAt, locationOf } from '../../http/location.js';
import { ApiPage, Fails } from '../../http/openapi.decorators.js';
import { type Retry, RetryKey } from '../../http/retry.js';
import { Run } from '../runs/run.entity.js';
import { RunStreams } from '../runs/run-streams.service.js';
import { BeginTurn, Decide, ListTurns } from './turn.dto.js';
import { ApiTurnBegun, ApiTurnStream } from './turn.openapi.js';
import { TurnsService } from './turns.service.js';

const TURN = '/v1/conversations/{conversationId}/turns/{id}';

interface Asking {
  owner: OwnerId;
  expires: number;
  reply: FastifyReply;
}

@Controller('v1/conversations/:id/turns')
export class TurnsController {
  constructor(
    private readonly turns: TurnsService,
    private readonly streams: RunStreams,
  ) {}

  /** Have a message answered: the turn at once, or its answer as it comes where you accept text/event-stream */
  @Post()
  @HttpCode(202)
  @LargeBody()
  @LocatedAt(TURN)
  @ApiTurnBegun()
  @Fails('turn_in_progress', 'tier_limit_exceeded')
  async begin(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() message: BeginTurn,
    @TokenExpiry() expires: number,
    @Res({ passthrough: true }) reply: FastifyReply,
    @RetryKey() retry?: Retry,
  ): Promise<unknown> {
    return this.answer({ owner, expires, reply }, () => this.turns.begin(owner, id, message, retry));
  }

  /** List the turns of a conversation, newest first */
  @Get()
  @ApiPage(Run)
  list(@Owner() owner: OwnerId, @Id() id: string, @Query() query: ListTurns): Promise<Page<Run>> {
    return this.turns.list(owner, id, query);
  }

  /** Get a turn */
  @Get(':turnId')
  get(@Owner() owner: OwnerId, @Id() conversationId: string, @Id('turnId') id: string): Promise<Run> {
    return this.turns.get(owner, { conversationId, id });
  }

  /** Follow the answer of a turn, or read it again: the UI message stream of the AI SDK, `id` is the number of a chunk */
  @Get(':turnId/stream')
  @ApiTurnStream()
  async stream(
    @Owner() owner: OwnerId,
    @Id() conversationId: string,
    @Id('turnId') id: string,
    @LastEventId() after: number | undefined,
    @TokenExpiry() expires: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { id: runId } = await this.turns.get(owner, { conversationId, id });
    return this.streams.open({ owner, runId, after, expires }, reply);
  }

  /** Stop a turn, and keep what was said so far. Hanging up stops nothing */
  @Post(':turnId/stop')
  @HttpCode(200)
  stop(@Owner() owner: OwnerId, @Id() conversationId: string, @Id('turnId') id: string): Promise<Run> {
    return this.turns.stop(owner, { conversationId, id });
  }

  /** Decide on the calls that a turn waits for; another turn goes on with that */
  @Post(':turnId/approvals')
  @HttpCode(202)
  @LocatedAt(TURN)
  @ApiTurnBegun()
  @Fails('invalid_state', 'tier_limit_exceeded')
  async decide(
    @Owner() owner: OwnerId,
    @Id() conversationId: string,
    @Id('turnId') id: string,
    @Body() { decisions }: Decide,
    @TokenExpiry() expires: number,
    @Res({ passthrough: true }) reply: FastifyReply,
    @RetryKey() retry?: Retry,
  ): Promise<unknown> {
    const decide = () => this.turns.decide(owner, { conversationId, id }, decisions, retry);
    return this.answer({ owner, expires, reply }, decide);
  }

  /** Whether it can be followed is asked before anything begins. */
  private async answer({ owner, expires, reply }: Asking, begin: () => Promise<Run>): Promise<unknown> {
    if (!reply.request.headers.accept?.includes('text/event-stream')) return begin();
    this.streams.admit(owner);
    const run = await begin();
    void reply.status(200).header('Location', locationOf(TURN, run));
    return this.streams.open({ owner, runId: run.id, expires }, reply);
  }
}
