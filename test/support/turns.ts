import type { UIMessageChunk } from 'ai';
import type { Run } from '../../src/chat/runs/run.entity.js';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import type { Message } from '../../src/messages/message.entity.js';
import type { ApiClient } from './api-client.js';

export interface Chunk {
  id: number;
  data: UIMessageChunk;
}

const turnsOf = ({ id }: Pick<Conversation, 'id'>) => `/v1/conversations/${id}/turns`;
export const turnPath = ({ conversationId, id }: Pick<Run, 'conversationId' | 'id'>) =>
  `${turnsOf({ id: conversationId })}/${id}`;

export const beginTurn = (
  client: ApiClient,
  conversation: Pick<Conversation, 'id'>,
  content: string,
  fields: object = {},
  headers: Record<string, string> = {},
) => client.post<Run>(turnsOf(conversation), { content, ...fields }, headers);

/** The turn, begun. */
export async function turnOf(
  client: ApiClient,
  conversation: Pick<Conversation, 'id'>,
  content = 'Hello',
): Promise<Run> {
  const { status, body, text } = await beginTurn(client, conversation, content);
  if (status !== 202) throw new Error(`not begun: ${status} ${text}`);
  return body;
}

/** One reading of a stream of turns: its chunks, as they come. */
export class TurnStream {
  readonly chunks: Chunk[] = [];
  /** The data of the last event, where the service has ended the stream. */
  farewell: string | undefined;
  readonly answer: Response;
  private text = '';
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly abort: AbortController;

  private constructor(answer: Response, abort: AbortController) {
    this.answer = answer;
    this.reader = answer.body!.getReader();
    this.abort = abort;
  }

  static async open(url: string, token: string, init: RequestInit = {}): Promise<TurnStream> {
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
    const answer = await fetch(url, { ...init, headers, signal: abort.signal });
    return new TurnStream(answer, abort);
  }

  /** Reads on until a chunk is there that fits; resolves with it. @throws Error where the stream ends before */
  async until(fits: (chunk: UIMessageChunk) => boolean): Promise<UIMessageChunk> {
    for (;;) {
      const seen = this.chunks.length;
      if (!(await this.more())) throw new Error('the stream ended');
      const found = this.chunks.slice(seen).find(({ data }) => fits(data));
      if (found) return found.data;
    }
  }

  /** Reads to the end. */
  async all(): Promise<UIMessageChunk[]> {
    while (await this.more());
    return this.chunks.map(({ data }) => data);
  }

  close(): void {
    this.abort.abort();
  }

  /** @returns false where the stream is over, or was cut off */
  private async more(): Promise<boolean> {
    const { value, done } = await this.reader.read().catch(() => ({ value: undefined, done: true }));
    if (done || !value) return false;
    this.text += Buffer.from(value).toString();
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop()!;
    for (const block of blocks) this.take(block);
    return true;
  }

  private take(block: string): void {
    const { id, data } = Object.fromEntries(
      block.split('\n').map((line) => line.split(/: ?(.*)/s)),
    ) as Record<string, string | undefined>;
    if (id !== undefined) this.chunks.push({ id: Number(id), data: JSON.parse(data!) as UIMessageChunk });
    else if (data !== undefined) this.farewell = data;
  }
}

/** What a turn has come to, once it is neither queued nor running. */
export async function ended(client: ApiClient, run: Run): Promise<Run> {
  for (;;) {
    const { body } = await client.get<Run>(turnPath(run));
    if (body.status !== 'queued' && body.status !== 'running') return body;
    await new Promise((done) => setImmediate(done));
  }
}

export const messagesOf = async (client: ApiClient, { id }: Pick<Conversation, 'id'>) =>
  (await client.get<{ data: Message[] }>(`/v1/conversations/${id}/messages?include=toolCalls&limit=100`)).body
    .data;

export const textOf = (chunks: UIMessageChunk[]) =>
  chunks.map((chunk) => (chunk.type === 'text-delta' ? chunk.delta : '')).join('');
