import { Injectable, type StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { OwnerId } from '../auth/owner-id.js';
import { Notifications } from '../database/notifications.js';
import { EventStreams } from '../http/event-streams.service.js';
import { AideHistory } from './aide-history.service.js';

const BATCH = 20; // events
const POLL = 5 * 60_000; // milliseconds; Notifications wakes those to whom nothing was told

/** An owner who follows an aide, until the token is refused. */
export interface Follower {
  owner: OwnerId;
  aideId: string;
  /** The version behind which to begin; undefined is what comes from now on. */
  after: number | undefined;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Those who follow aides. */
@Injectable()
export class AideStreams {
  constructor(
    private readonly history: AideHistory,
    private readonly notifications: Notifications,
    private readonly streams: EventStreams,
  ) {}

  /** @throws RowNotFound, Problem as {@link EventStreams.open} */
  async follow({ owner, aideId, after, expires }: Follower, reply: FastifyReply): Promise<StreamableFile> {
    const version = await this.history.stateVersion(owner, aideId);
    const source = {
      after: after ?? version,
      poll: POLL,
      read: (behind: number) => this.read(owner, aideId, behind),
    };
    const watch = (wake: () => void) => this.notifications.watch(aideId, wake);
    return this.streams.open({ owner, expires, source, watch }, reply);
  }

  private async read(owner: OwnerId, aideId: string, after: number) {
    const events = await this.history.after(owner, aideId, after, BATCH);
    return events?.map((event) => ({ id: event.version, name: 'aide-event', data: event }));
  }
}
