import { type BeforeApplicationShutdown, Injectable, StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { runAs } from '../auth/owner-context.js';
import type { OwnerId } from '../auth/owner-id.js';
import { EventStream, type StreamSource } from './event-stream.js';
import { Problem } from './problem.js';

const MAX_STREAMS = 20; // of an owner, on an instance
const RETRY = 1; // seconds

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
  private readonly byOwner = new Map<OwnerId, Set<EventStream>>();
  private closing = false;

  /**
   * To be asked, too, before what a stream is to show is begun.
   * @throws Problem `rate_limited` where the owner has too many, `shutting_down`
   */
  admit(owner: OwnerId): void {
    if (this.closing) throw new Problem('shutting_down');
    if ((this.byOwner.get(owner)?.size ?? 0) >= MAX_STREAMS)
      throw new Problem('rate_limited', `At most ${MAX_STREAMS} streams at once.`, undefined, RETRY);
  }

  /** Until the source, the token or the instance ends, or the client hangs up. @throws Problem as {@link EventStreams.admit} */
  open({ owner, expires, source, watch }: Opening, reply: FastifyReply): StreamableFile {
    this.admit(owner);
    const streams = this.byOwner.get(owner) ?? new Set();
    const requestId = reply.request.id;
    const stream = new EventStream({
      ...source,
      read: (after) => runAs(owner, requestId, () => source.read(after)),
    });
    this.byOwner.set(owner, streams.add(stream));
    const unwatch = watch(() => stream.wake());
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
    return new StreamableFile(stream.body);
  }

  /** Before the server waits for its requests to be answered: these would never be. */
  beforeApplicationShutdown(): void {
    this.closing = true;
    for (const streams of this.byOwner.values()) for (const stream of streams) stream.end();
  }
}
