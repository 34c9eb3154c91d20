import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ApiClient } from '../../test/support/api-client.ts';
import { type Chunk, messagesOf, textOf, turnPath, TurnStream } from '../../test/support/turns.ts';
import type { Run } from '#dist/chat/runs/run.entity.js';
import { AFTER, BEFORE } from './task-model.ts';

const PAUSE = 50; // milliseconds before a request is sent again

/** One turn of a conversation of its own, by a client that never gives up. */
export class TurnClient {
  /** What all readings of the stream have had, in their order. */
  readonly seen: Chunk[] = [];
  private readonly marker = randomUUID();
  private readonly origins: string[];
  private readonly token: string;
  private run!: Run;
  /** When the last chunk came. */
  private last = Date.now();
  /** The longest time in which none came, in milliseconds. */
  longestSilence = 0;

  constructor(origins: string[], token: string) {
    this.origins = origins;
    this.token = token;
  }

  /** By way of an instance; others may follow. */
  async begin(instance: number): Promise<void> {
    const conversation = await this.post(instance, '/v1/conversations', {});
    const path = `/v1/conversations/${conversation.id}/turns`;
    this.run = (await this.post(instance, path, { content: this.marker })) as unknown as Run;
    this.last = Date.now();
  }

  /** Reads to the end, going on behind the last chunk wherever a stream breaks. */
  async follow(): Promise<void> {
    for (let i = 0; ; i++) {
      const stream = await this.open(this.origins[i % this.origins.length]!);
      if (stream) {
        await stream.until((chunk) => this.take(chunk)).catch(() => undefined);
        this.seen.push(...stream.chunks);
        if (stream.farewell !== undefined) return;
      }
      await sleep(PAUSE);
    }
  }

  /** What is not as it must be, in words. */
  async faults(): Promise<string[]> {
    const client = new ApiClient(this.origins[0]!, this.token);
    const { body: run } = await client.get<Run>(turnPath(this.run));
    const whole = await TurnStream.open(`${this.origins[0]}${turnPath(this.run)}/stream`, this.token);
    await whole.all();
    const messages = await messagesOf(client, { id: this.run.conversationId });
    const tasks = (await client.get<{ data: { title: string }[] }>('/v1/tasks?limit=100')).body.data;
    const added = tasks.filter(({ title }) => title === this.marker).length;
    const said = messages.map(({ role, content }) => `${role}: ${content.trim()}`);
    const statuses = messages.flatMap(({ toolCalls }) => toolCalls!).map(({ status }) => status);
    const checks: Record<string, boolean> = {
      [`the turn is ${run.status} ${run.errorCode}`]: run.status === 'finished',
      [`${added} tasks`]: added === 1,
      [`messages: ${said.join(' | ')}`]:
        said.join('|') === [`user: ${this.marker}`, `assistant: ${BEFORE}`, `assistant: ${AFTER}`].join('|'),
      [`calls: ${statuses.join()}`]: statuses.join() === 'success',
      [`chunks: ${this.seen.map(({ id }) => id).join()}`]: this.seen.every(({ id }, i) => id === i),
      'the resumed stream is not the whole one': isDeepStrictEqual(this.seen, whole.chunks),
      'the stream is not what was stored':
        textOf(this.seen.map(({ data }) => data)).replaceAll(/\s/g, '') ===
        `${BEFORE}${AFTER}`.replaceAll(/\s/g, ''),
    };
    return Object.entries(checks).flatMap(([fault, holds]) => (holds ? [] : [fault]));
  }

  private take(_chunk: object): boolean {
    this.longestSilence = Math.max(this.longestSilence, Date.now() - this.last);
    this.last = Date.now();
    return false;
  }

  private open(origin: string): Promise<TurnStream | undefined> {
    const after = this.seen.at(-1)?.id;
    const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': String(after) };
    return TurnStream.open(`${origin}${turnPath(this.run)}/stream`, this.token, { headers }).then(
      (stream) => (stream.answer.status === 200 ? stream : undefined),
      () => undefined,
    );
  }

  private async post(instance: number, path: string, body: object): Promise<{ id: string }> {
    const key = { 'idempotency-key': randomUUID() };
    for (let i = instance; ; i++) {
      const client = new ApiClient(this.origins[i % this.origins.length]!, this.token);
      const answer = await client.post<{ id: string }>(path, body, key).catch(() => undefined);
      if (answer && answer.status < 300) return answer.body;
      if (answer && answer.status !== 503) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
      await sleep(PAUSE);
    }
  }
}
