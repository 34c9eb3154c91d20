import type { Readable } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { runAs } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { Notifications } from '../database/notifications.js';
import { EventStream } from '../http/event-stream.js';
import { Problem } from '../http/problem.js';
import { AideHistory } from './aide-history.service.js';

const MAX_STREAMS = 20; // of an owner, on an instance
const BATCH = 20; // events
const POLL = 5000; // milliseconds
const RETRY = 1; // seconds

/** An owner who follows an aide, until the token is refused. */
export interface Follower {
  owner: OwnerId;
  aideId: string;
  /** The version behind which to begin; undefined is what comes from now on. */
  after: number | undefined;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Those who follow aides on this instance. None of them holds a connection to the database while it waits. */
@Injectable()
export class AideStreams implements BeforeApplicationShutdown {
  private readonly byOwner = new Map<OwnerId, Set<EventStream>>();
  private closing = false;

  constructor(
    private readonly history: AideHistory,
    private readonly notifications: Notifications,
  ) {}

  /** @throws RowNotFound, Problem `rate_limited` where the owner has too many, `shutting_down` */
  async follow({ owner, aideId, after, expires }: Follower, reply: FastifyReply): Promise<Readable> {
    const version = await this.history.stateVersion(owner, aideId);
    const streams = this.byOwner.get(owner) ?? new Set();
    if (this.closing) throw new Problem('shutting_down');
    if (streams.size >= MAX_STREAMS)
      throw new Problem('rate_limited', `At most ${MAX_STREAMS} streams at once.`, undefined, RETRY);
    const requestId = reply.request.id;
    const stream = new EventStream({
      after: after ?? version,
      poll: POLL,
      read: (behind) => runAs(owner, requestId, () => this.read(owner, aideId, behind)),
    });
    this.byOwner.set(owner, streams.add(stream));
    const unwatch = this.notifications.watch(aideId, () => stream.wake());
    const expiry = setTimeout(() => stream.end(), expires - Date.now());
    const leave = () => {
      clearTimeout(expiry);
      unwatch();
      streams.delete(stream);
      if (streams.size === 0 && this.byOwner.get(owner) === streams) this.byOwner.delete(owner);
      stream.end();
    };
    if (reply.raw.destroyed) leave();
    else reply.raw.once('close', leave);
    return stream.body;
  }

  /** Before the server waits for its requests to be answered: these would never be. */
  beforeApplicationShutdown(): void {
    this.closing = true;
    for (const streams of this.byOwner.values()) for (const stream of streams) stream.end();
  }

  private async read(owner: OwnerId, aideId: string, after: number) {
    const events = await this.history.after(owner, aideId, after, BATCH);
    return events?.map((event) => ({ id: event.version, name: 'aide-event', data: event }));
  }
}
