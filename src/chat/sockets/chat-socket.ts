import type { RawData, WebSocket } from 'ws';
import { runAs } from '../../auth/owner-context.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { Problem, problemBody } from '../../http/problem.js';
import { toProblem } from '../../http/problem.filter.js';
import { checkFields } from '../../http/text-rules.js';
import type { Follower, RunStreams } from '../runs/run-streams.service.js';
import type { ChatService } from '../turns/chat.service.js';
import type { Answer, Frame } from './frames.js';

const NO_FRAME = 'This is no frame of the chat.';
const MOST_REQUESTS = 10; // at once
const PATIENCE = 1000; // milliseconds for the client to agree that it is over
const MOST_WAITING = 256 * 1024; // bytes that the client has not taken yet

/** Why a socket is closed (RFC 6455, 7.4.1). */
export const CLOSE = {
  goingAway: 1001,
  notText: 1003,
  notAFrame: 1007,
  expired: 1008,
  tryAgain: 1013,
} as const;

export interface Session {
  owner: OwnerId;
  requestId: string;
  /** When the token is refused from, in milliseconds since the epoch. */
  expires: number;
  /** Counts a message of the owner's. @throws Problem `rate_limited` */
  count: (owner: OwnerId) => Promise<void>;
}

export interface ChatServices {
  chats: ChatService;
  streams: RunStreams;
  /** Told of what nobody foresaw. */
  report: (error: unknown) => void;
}

/**
 * One socket of `WebSocketChatTransport`. Frames are taken one by one, and none is read while one is being taken; what they
 * ask for is sent side by side, and no faster than the client takes it.
 */
export class ChatSocket {
  private readonly requests = new Map<string, AbortController>();
  private taken: Promise<void> = Promise.resolve();
  private untaken = 0;
  private answers = true;

  constructor(
    private readonly socket: WebSocket,
    private readonly session: Session,
    private readonly services: ChatServices,
  ) {
    const expiry = setTimeout(
      () => void this.close(CLOSE.expired, 'The token has expired.'),
      session.expires - Date.now(),
    );
    socket.on('pong', () => (this.answers = true));
    socket.on('error', () => socket.terminate()); // 'close' follows
    socket.on('message', (data, isBinary) => this.queue(data, isBinary));
    socket.once('close', () => {
      clearTimeout(expiry);
      for (const ending of this.requests.values()) ending.abort();
    });
  }

  private get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Resolves when it is over. */
  async close(code: number, reason: string): Promise<void> {
    const { socket } = this;
    if (socket.readyState === socket.CLOSED) return;
    const closed = new Promise((done) => socket.once('close', done));
    socket.close(code, reason);
    const impatience = setTimeout(() => socket.terminate(), PATIENCE);
    await closed;
    clearTimeout(impatience);
  }

  /** To be called now and then: whoever has not answered the last time is gone. */
  beat(): void {
    if (!this.answers) return this.socket.terminate();
    this.answers = false;
    this.socket.ping();
  }

  private queue(data: RawData, isBinary: boolean): void {
    this.untaken += 1;
    this.socket.pause();
    this.taken = this.taken
      .then(() => this.take(data, isBinary))
      .finally(() => {
        this.untaken -= 1;
        if (this.untaken === 0) this.socket.resume();
      });
  }

  private async take(data: RawData, isBinary: boolean): Promise<void> {
    if (!this.isOpen) return;
    if (isBinary) return void this.close(CLOSE.notText, 'Frames are text.');
    let requestId: string | undefined;
    try {
      const { owner, count } = this.session;
      const { readFrame } = await import('./frames.js'); // zod costs memory, and is not needed by all
      const frame = readFrame((data as Buffer).toString());
      ({ requestId } = frame);
      if (frame.type === 'bad') throw new Problem('invalid_request', NO_FRAME);
      checkFields(frame);
      await count(owner);
      await this.as(() => this.begin(frame));
    } catch (error) {
      if (requestId === undefined) void this.close(CLOSE.notAFrame, NO_FRAME);
      else await this.send({ type: 'error', requestId, errorText: this.textOf(error) });
    }
  }

  /** An abort ends what is sent, as hanging up does; the turn goes on. */
  private async begin(frame: Frame): Promise<void> {
    const { requestId } = frame;
    if (frame.type === 'abort') return this.requests.get(requestId)?.abort();
    if (this.requests.has(requestId)) throw new Problem('invalid_request', 'The request goes on already.');
    if (this.requests.size >= MOST_REQUESTS)
      throw new Problem('rate_limited', `At most ${MOST_REQUESTS} requests at once.`);
    const follower = await this.followerOf(frame);
    if (!follower) return void this.send({ type: 'no-active', requestId });
    const ending = new AbortController();
    this.requests.set(requestId, ending);
    void this.follow(requestId, follower, ending.signal).finally(() => this.requests.delete(requestId));
  }

  private async followerOf(frame: Exclude<Frame, { type: 'abort' }>): Promise<Follower | undefined> {
    const { owner } = this.session;
    const { chats } = this.services;
    if (frame.type === 'send') return { owner, runId: (await chats.answer(owner, frame)).id };
    const follower = await chats.current(owner, frame.id);
    return follower && { ...follower, after: frame.lastSequence };
  }

  private async follow(requestId: string, follower: Follower, signal: AbortSignal): Promise<void> {
    try {
      await this.send({ type: 'start', requestId });
      for await (const { id, data } of this.services.streams.follow(follower, signal)) {
        if (signal.aborted || !this.isOpen) return;
        await this.send({ type: 'chunk', requestId, sequence: id, chunk: data });
      }
      if (!signal.aborted) await this.send({ type: 'end', requestId });
    } catch (error) {
      // A client that finds itself cut off asks again; one that is told of an error gives up.
      this.textOf(error);
      void this.close(CLOSE.tryAgain, 'Try again.');
    }
  }

  /** Comes back at once, unless the client is behind. */
  private async send(answer: Answer): Promise<void> {
    const { socket } = this;
    const isBehind = socket.bufferedAmount > MOST_WAITING;
    const gone = new Promise<void>((done) => socket.send(JSON.stringify(answer), () => done()));
    if (isBehind) await gone;
  }

  private as<T>(work: () => Promise<T>): Promise<T> {
    return runAs(this.session.owner, this.session.requestId, work);
  }

  private textOf(error: unknown): string {
    const problem = toProblem(error);
    if (problem.code === 'internal_error') this.services.report(error);
    const { detail, errors = [] } = problemBody(problem, this.session.requestId);
    return [detail, ...errors.map(({ pointer, detail }) => `${pointer} ${detail}.`)].join(' ');
  }
}
