import { type BeforeApplicationShutdown, Injectable, StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { runAs } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { EventStream, type StreamSource } from './event-stream.js';
import { OpenByOwner } from './open-by-owner.js';

export interface Opening {
  owner: OwnerId;
  /** When the token is refused from, in milliseconds since the epoch. */
  expires: number;
  source: StreamSource;
  /** Wakes the stream for what comes. @returns what ends that */
  watch: (wake: () => void) => () => void;
}

/** Who follows something on this instance. None of them holds a connection to the database while it waits. */
@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  private readonly streams = new OpenByOwner<EventStream>('streams');

  /** To be asked, too, before what a stream is to show is begun. @throws Problem as {@link OpenByOwner.admit} */
  admit(owner: OwnerId): void {
    this.streams.admit(owner);
  }

  /** Until the source, the token or the instance ends, or the client hangs up. @throws Problem as {@link EventStreams.admit} */
  open({ owner, expires, source, watch }: Opening, reply: FastifyReply): StreamableFile {
    this.admit(owner);
    const requestId = reply.request.id;
    const stream = new EventStream({
      ...source,
      read: (after) => runAs(owner, requestId, () => source.read(after)),
    });
    const remove = this.streams.add(owner, stream);
    const unwatch = watch(() => stream.wake());
    const expiry = setTimeout(() => stream.end(), expires - Date.now());
    const leave = () => {
      clearTimeout(expiry);
      unwatch();
      remove();
      stream.end();
    };
    if (reply.raw.destroyed) leave();
    else reply.raw.once('close', leave);
    return new StreamableFile(stream.body);
  }

  /** Before the server waits for its requests to be answered: these would never be. */
  beforeApplicationShutdown(): void {
    for (const stream of this.streams.close()) stream.end();
  }
}
