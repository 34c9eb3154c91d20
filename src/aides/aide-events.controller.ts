import { Body, Controller, Get, Header, Post, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Owner } from '../auth/owner.decorator.js';
import type { OwnerId } from '../auth/owner-id.js';
import { TokenExpiry } from '../auth/token-expiry.decorator.js';
import type { ExpectedVersion } from '../database/owned.repository.js';
import type { Page } from '../database/page.js';
import { Id } from '../http/id.decorator.js';
import { LastEventId } from '../http/last-event-id.decorator.js';
import { LocatedAt } from '../http/location.js';
import { ApiPage, Fails } from '../http/openapi.decorators.js';
import { IfMatch } from '../http/preconditions.js';
import { Version } from '../http/version.decorator.js';
import {
  AppendEvent,
  AtVersion,
  Between,
  Difference,
  ListEvents,
  RollBack,
  StateAt,
  StreamFrom,
  LogVerification,
} from './aide-event.dto.js';
import { AideEvent } from './aide-event.entity.js';
import { AideEventsService, OWNER } from './aide-events.service.js';
import { AideHistory } from './aide-history.service.js';
import { AideStreams } from './aide-streams.service.js';

const EVENT = '/v1/aides/{aideId}/events/{version}';

@Controller('v1/aides/:id')
export class AideEventsController {
  constructor(
    private readonly events: AideEventsService,
    private readonly history: AideHistory,
    private readonly streams: AideStreams,
  ) {}

  /** Change the state by an event, whose version the aide must be at */
  @Post('events')
  @LocatedAt(EVENT)
  @Fails('invalid_state', 'patch_failed')
  append(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() event: AppendEvent,
    @IfMatch() version: ExpectedVersion,
  ): Promise<AideEvent> {
    return this.events.append(owner, id, event, OWNER, version);
  }

  /** Make the state what it was at a version, by a new event */
  @Post('rollback')
  @LocatedAt(EVENT)
  @Fails('invalid_state', 'reference_not_found')
  rollBack(
    @Owner() owner: OwnerId,
    @Id() id: string,
    @Body() target: RollBack,
    @IfMatch() version: ExpectedVersion,
  ): Promise<AideEvent> {
    return this.events.rollBack(owner, id, target, OWNER, version);
  }

  /** List the events */
  @Get('events')
  @ApiPage(AideEvent)
  list(@Owner() owner: OwnerId, @Id() id: string, @Query() query: ListEvents): Promise<Page<AideEvent>> {
    return this.history.list(owner, id, query);
  }

  /** Follow the events as they come, as server-sent events: `id` is the version, `data` the event */
  @Get('events/stream')
  @Header('Content-Type', 'text/event-stream; charset=utf-8')
  @Header('X-Accel-Buffering', 'no')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The version to go on behind' })
  @ApiOkResponse({
    description: 'Until the token expires, the aide is deleted or the instance stops',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  stream(
    @Owner() owner: OwnerId,
    @Id() aideId: string,
    @Query() { after }: StreamFrom,
    @LastEventId() last: number | undefined,
    @TokenExpiry() expires: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    return this.streams.follow({ owner, aideId, after: last ?? after, expires }, reply);
  }

  /** Get an event */
  @Get('events/:version')
  get(@Owner() owner: OwnerId, @Id() id: string, @Version() version: number): Promise<AideEvent> {
    return this.history.get(owner, id, version);
  }

  /** The state as of any version */
  @Get('state')
  state(@Owner() owner: OwnerId, @Id() id: string, @Query() { version }: AtVersion): Promise<StateAt> {
    return this.history.stateAt(owner, id, version);
  }

  /** The difference between two versions */
  @Get('diff')
  difference(@Owner() owner: OwnerId, @Id() id: string, @Query() between: Between): Promise<Difference> {
    return this.history.difference(owner, id, between);
  }

  /** Make the state anew from all events, and compare */
  @Get('verify')
  verify(@Owner() owner: OwnerId, @Id() id: string): Promise<LogVerification> {
    return this.history.verify(owner, id);
  }
}
