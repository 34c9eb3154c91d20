import { Injectable } from '@nestjs/common';
import type { UIMessage } from 'ai';
import type { OwnerId } from '../../auth/owner-id.js';
import { RowNotFound } from '../../database/errors.js';
import sql from '../../database/sql.js';
import { Problem } from '../../http/problem.js';
import type { Run } from '../runs/run.entity.js';
import { RunServices } from '../runs/run-services.js';
import type { Follower } from '../runs/run-streams.service.js';
import type { Ask } from './ask.js';
import type { ChatRequest } from './chat.dto.js';
import type { Decision } from './turn.dto.js';
import { TurnRows } from './turn-rows.service.js';
import { TurnsService } from './turns.service.js';
import { uiMessages } from './ui-messages.js';

const NO_CONVERSATION =
  'There is no such conversation. POST /v1/conversations makes one: its id is that of the chat.';
const ANOTHER_TEXT = 'A message that was sent stays as it is: send the other text as a message of its own.';
const NOT_THE_LAST = 'Only the last message of the conversation can be answered anew.';

/** Turns as the transports of the AI SDK ask for them, over HTTP and sockets alike. In the owner's context. */
@Injectable()
export class ChatService {
  constructor(
    private readonly turns: TurnsService,
    private readonly rows: TurnRows,
    private readonly services: RunServices,
  ) {}

  /**
   * The turn that a request begins, or has begun before.
   * @throws Problem `invalid_request`, `not_found`, and as the methods of {@link TurnsService} do
   */
  async answer(owner: OwnerId, { id, ...request }: ChatRequest): Promise<Run> {
    const { askOf } = await import('./ask.js'); // zod costs memory, and is not needed by all
    const ask = askOf(request);
    return this.found(() => this.begin(owner, id, ask));
  }

  /** What goes on in a conversation or waits for a decision, with all that it continues. @throws Problem `not_found` */
  current(owner: OwnerId, conversationId: string): Promise<Follower | undefined> {
    return this.found(async () => {
      const run = await this.active(owner, conversationId);
      return run && { owner, runId: run.id, before: await this.before(owner, run) };
    });
  }

  /** What was said, without the answer of what {@link ChatService.current} is. @throws Problem `not_found` */
  messages(owner: OwnerId, conversationId: string): Promise<UIMessage[]> {
    return this.found(async () => {
      await this.services.conversations.get(owner, conversationId);
      const said = await this.services.history.said(owner, conversationId);
      const ids = said.map(({ id }) => id);
      return uiMessages(said, await this.rows.of(owner, conversationId, ids));
    });
  }

  /** Stops it. @throws Problem `not_found` */
  stop(owner: OwnerId, conversationId: string): Promise<void> {
    return this.found(async () => {
      const run = await this.active(owner, conversationId);
      if (run) await this.turns.stop(owner, run);
    });
  }

  private begin(owner: OwnerId, id: string, ask: Ask): Promise<Run> {
    if ('decisions' in ask) return this.decide(owner, id, ask.decisions);
    if ('again' in ask) return this.regenerate(owner, id, ask.again);
    return this.submit(owner, id, ask.message);
  }

  private async submit(owner: OwnerId, id: string, message: { id: string; text: string }): Promise<Run> {
    const run = await this.turns.begin(owner, id, { content: message.text, clientMessageId: message.id });
    const { content } = await this.services.messages.get(owner, run.userMessageId);
    if (content !== message.text) throw new Problem('idempotency_key_reused', ANOTHER_TEXT);
    return run;
  }

  /** Asked twice while it goes on, it is the same turn. */
  private regenerate(owner: OwnerId, conversationId: string, messageId: string | undefined): Promise<Run> {
    return this.services.transactions.run(async () => {
      await this.services.users.lockTier(owner);
      const last = await this.turns.lastAsked(owner, conversationId);
      const isLast = sql`t.user_message_id = ${last?.id ?? null}`;
      if (last && messageId !== undefined && messageId !== last.id) {
        const sent = sql`${isLast} AND t.client_message_id = ${messageId}`;
        if (!(await this.rows.oldest(owner, conversationId, sent)))
          throw new Problem('invalid_state', NOT_THE_LAST);
      }
      const begun = sql`${isLast} AND t.trigger = 'regenerate' AND t.status IN ('queued', 'running')`;
      const known = await this.rows.oldest(owner, conversationId, begun);
      return known ?? this.turns.begin(owner, conversationId, { regenerate: true });
    });
  }

  private async decide(owner: OwnerId, conversationId: string, decisions: Decision[]): Promise<Run> {
    const decided = sql`t.trigger = 'approval' AND EXISTS (SELECT FROM app.tool_calls k
      JOIN app.messages m ON m.owner_id = k.owner_id AND m.id = k.message_id
      WHERE k.owner_id = t.owner_id AND k.id = ${decisions[0]!.approvalId}
        AND m.parent_id = t.user_message_id AND k.created_at < t.created_at)`;
    const begun = await this.rows.oldest(owner, conversationId, decided);
    const id = begun?.continuesId ?? (await this.active(owner, conversationId))?.id;
    if (!id) throw new Problem('invalid_state', 'The conversation waits for no decision.');
    return this.turns.decide(owner, { conversationId, id }, decisions);
  }

  private async active(owner: OwnerId, conversationId: string): Promise<Run | undefined> {
    const goesOn = sql`t.status IN ('running', 'queued', 'waiting')`;
    const run = await this.rows.oldest(owner, conversationId, goesOn);
    if (!run) await this.services.conversations.get(owner, conversationId);
    return run;
  }

  /** What the runs have said that this one continues, and its own start; nothing where that is no longer known. */
  private async before(owner: OwnerId, { continuesId, conversationId }: Run): Promise<Follower['before']> {
    if (continuesId === null) return undefined;
    const chunks = await this.services.store.chunks(owner, continuesId, 0);
    if (chunks[0]?.type !== 'start') return undefined;
    const earlier = await this.before(owner, await this.rows.get(owner, { conversationId, id: continuesId }));
    return [...(earlier ?? []), ...chunks.slice(earlier ? 1 : 0, -1)];
  }

  private async found<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof RowNotFound ? new Problem('not_found', NO_CONVERSATION) : error;
    }
  }
}
