import { Chat } from '@ai-sdk/react';
import {
  type ChatInit,
  type ChatTransport,
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  type ToolUIPart,
  type UIMessage,
  WebSocketChatTransport,
} from 'ai';
import type { Person } from './chat.js';

/** The transport of `useChat` over HTTP; its connections can be cut. */
export class HttpTransport extends DefaultChatTransport<UIMessage> {
  /** Bodies of the requests. */
  readonly sent: string[] = [];
  private cutOff = new AbortController();

  constructor(origin: string, token: string) {
    super({
      api: `${origin}/api/chat`,
      headers: { authorization: `Bearer ${token}` },
      fetch: async (url, init) => {
        if (init?.body) this.sent.push(init.body as string);
        const signals = [this.cutOff.signal, ...(init?.signal ? [init.signal] : [])];
        const answer = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
        return answer.body && answer.status === 200
          ? new Response(cuttable(answer.body, this.cutOff.signal), answer)
          : answer;
      },
    });
  }

  /** As the network does. */
  cut(): void {
    const cutOff = this.cutOff;
    this.cutOff = new AbortController();
    cutOff.abort();
  }
}

/** The bytes, until the network is gone: what `fetch` of a browser throws then. */
function cuttable(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const read = await reader.read().catch((error: unknown) => {
        throw signal.aborted ? new TypeError('network error') : error;
      });
      if (read.done) controller.close();
      else controller.enqueue(read.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The transport over a socket, which gets a ticket for each connection. */
export class SocketTransport extends WebSocketChatTransport<UIMessage> {
  /** Each connection, oldest first. */
  readonly sockets: WebSocket[];

  constructor(origin: string, person: Pick<Person, 'client'>) {
    const sockets: WebSocket[] = [];
    super({
      url: `${origin.replace('http', 'ws')}/api/chat/socket`,
      params: async () => {
        const { body } = await person.client.post<{ ticket: string }>('/v1/socket-tickets');
        return { ticket: body.ticket };
      },
      webSocket: noting(sockets),
    });
    this.sockets = sockets;
  }

  cut(): void {
    this.sockets.at(-1)!.close();
  }
}

type Constructor = NonNullable<ConstructorParameters<typeof WebSocketChatTransport>[0]['webSocket']>;

/** The global WebSocket, whose instances are kept. */
const noting = (sockets: WebSocket[]) =>
  class extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      sockets.push(this);
    }
  } as unknown as Constructor;

export type CuttableTransport = ChatTransport<UIMessage> & { cut(): void };

/** A page with a chat: the real client, and waiting for what it comes to. */
export class Page extends Chat<UIMessage> {
  readonly errors: Error[] = [];
  private readonly wakes = new Set<() => void>();

  constructor(
    id: string,
    readonly transportUsed: CuttableTransport,
    init: Partial<ChatInit<UIMessage>> = {},
  ) {
    const errors: Error[] = [];
    super({
      id,
      transport: transportUsed,
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
      onError: (error) => errors.push(error),
      ...init,
    });
    this.errors = errors;
    const wake = () => this.wakes.forEach((one) => one());
    this['~registerMessagesCallback'](wake);
    this['~registerStatusCallback'](wake);
  }

  /** Resolves once this is so. */
  async until(condition: (page: Page) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((done) => {
        this.wakes.add(done);
      });
    }
    this.wakes.clear();
  }

  get last(): UIMessage {
    return this.messages.at(-1)!;
  }

  /** The texts of the last message, of all its steps. */
  get text(): string {
    const parts = this.messages.at(-1)?.parts ?? [];
    return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  }

  get tools(): ToolUIPart[] {
    return this.last.parts.filter((part) => part.type.startsWith('tool-')) as ToolUIPart[];
  }
}

export const isOver = ({ status }: Page) => status === 'ready' || status === 'error';
