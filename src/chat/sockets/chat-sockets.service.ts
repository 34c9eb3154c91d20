import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { OwnerId } from '../../auth/owner-id.js';
import { Problem } from '../../http/problem.js';
import { RunStreams } from '../runs/run-streams.service.js';
import { ChatService } from '../turns/chat.service.js';
import { ChatSocket, CLOSE, type Session } from './chat-socket.js';

const MAX_SOCKETS = 20; // of an owner, on an instance
const HEARTBEAT = 15_000; // milliseconds
const RETRY = 1; // seconds

/** The sockets of this instance. None of them holds a connection to the database while it waits. */
@Injectable()
export class ChatSockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ChatSockets.name);
  private readonly byOwner = new Map<OwnerId, Map<WebSocket, ChatSocket>>();
  private timer: NodeJS.Timeout;
  private closing = false;

  constructor(
    private readonly chats: ChatService,
    private readonly streams: RunStreams,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.beat(), HEARTBEAT).unref();
  }

  /** Whoever is gone without a word is found out; and what watches connections sees that they are used. */
  beat(): void {
    for (const chat of this.all()) chat.beat();
  }

  /** @throws Problem `rate_limited` where the owner has too many, `shutting_down` */
  admit(owner: OwnerId): void {
    if (this.closing) throw new Problem('shutting_down');
    if ((this.byOwner.get(owner)?.size ?? 0) >= MAX_SOCKETS)
      throw new Problem('rate_limited', `At most ${MAX_SOCKETS} sockets at once.`, undefined, RETRY);
  }

  open(socket: WebSocket, session: Session): void {
    const { chats, streams } = this;
    const report = (error: unknown) => this.logger.error({ requestId: session.requestId, error });
    const sockets = this.byOwner.get(session.owner) ?? new Map<WebSocket, ChatSocket>();
    this.byOwner.set(
      session.owner,
      sockets.set(socket, new ChatSocket(socket, session, { chats, streams, report })),
    );
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.byOwner.get(session.owner) === sockets)
        this.byOwner.delete(session.owner);
    });
  }

  /** Tells the clients to go on elsewhere; the server waits for connections to end, and these would not by themselves. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    clearInterval(this.timer);
    const closed = Array.from(this.all(), (chat) => chat.close(CLOSE.goingAway, 'The instance stops.'));
    await Promise.all(closed);
  }

  private *all(): Generator<ChatSocket> {
    for (const sockets of this.byOwner.values()) yield* sockets.values();
  }
}
