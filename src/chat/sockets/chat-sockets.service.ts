import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { OwnerId } from '../../auth/owner-id.js';
import { OpenByOwner } from '../../http/open-by-owner.js';
import { RunStreams } from '../runs/run-streams.service.js';
import { ChatService } from '../turns/chat.service.js';
import { ChatSocket, CLOSE, type Session } from './chat-socket.js';

const HEARTBEAT = 15_000; // milliseconds

/** The sockets of this instance. None of them holds a connection to the database while it waits. */
@Injectable()
export class ChatSockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ChatSockets.name);
  private readonly sockets = new OpenByOwner<ChatSocket>('sockets');
  private timer: NodeJS.Timeout;

  constructor(
    private readonly chats: ChatService,
    private readonly streams: RunStreams,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.beat(), HEARTBEAT).unref();
  }

  /** Whoever is gone without a word is found out; and what watches connections sees that they are used. */
  beat(): void {
    for (const chat of this.sockets.all()) chat.beat();
  }

  /** @throws Problem as {@link OpenByOwner.admit} */
  admit(owner: OwnerId): void {
    this.sockets.admit(owner);
  }

  open(socket: WebSocket, session: Session): void {
    const { chats, streams } = this;
    const report = (error: unknown) => this.logger.error({ requestId: session.requestId, error });
    const chat = new ChatSocket(socket, session, { chats, streams, report });
    socket.once('close', this.sockets.add(session.owner, chat));
  }

  /** Tells the clients to go on elsewhere; the server waits for connections to end, and these would not by themselves. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    const closed = Array.from(this.sockets.close(), (chat) =>
      chat.close(CLOSE.goingAway, 'The instance stops.'),
    );
    await Promise.all(closed);
  }
}
