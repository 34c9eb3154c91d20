import { Injectable } from '@nestjs/common';
import type { ModelMessage } from 'ai';
import sql from '../../database/sql.js';
import type { OwnerId } from '../../auth/owner-id.js';
import { InjectOwned } from '../../database/database.module.js';
import { RowNotFound } from '../../database/errors.js';
import type { OwnedRepository } from '../../database/owned.repository.js';
import { Message } from '../../messages/message.entity.js';
import type { ToolCall } from '../../tool-calls/tool-call.entity.js';
import { ToolCallsService } from '../../tool-calls/tool-calls.service.js';
import { toModelMessages } from './model-messages.js';
import type { Run } from './run.entity.js';

const MOST = 200; // messages
const BUDGET = 60_000; // characters: about 15,000 tokens

/** A message with the calls that it has made. */
export interface Said extends Pick<Message, 'id' | 'role' | 'content' | 'seq' | 'parentId'> {
  /** The place of what it answers, or its own. */
  place: number;
  calls: ToolCall[];
}

export interface History {
  system: string[];
  messages: ModelMessage[];
  /** What the assistant has said last in this turn. */
  answer: Said | undefined;
}

/** What a conversation has come to, up to a turn: the state that its steps continue. */
@Injectable()
export class HistoryService {
  constructor(
    @InjectOwned(Message) private readonly messages: OwnedRepository<Message>,
    private readonly toolCalls: ToolCallsService,
  ) {}

  /** @throws RowNotFound where the message that the turn answers is deleted */
  async of(owner: OwnerId, run: Run): Promise<History> {
    const all = await this.said(owner, run.conversationId);
    const asked = all.find(({ id }) => id === run.userMessageId);
    if (!asked) throw new RowNotFound();
    const said = all.filter(({ place }) => place <= asked.seq);
    const answer = said.findLast(({ role, parentId }) => role === 'assistant' && parentId === asked.id);
    const system = said.filter(({ role }) => role === 'system').map(({ content }) => content);
    return { system, messages: toModelMessages(fitting(said, asked.seq)), answer };
  }

  /** The ids of what the assistant has said to a message. */
  async answersTo(owner: OwnerId, { conversationId, id }: Message): Promise<string[]> {
    const answers = await this.messages.query(
      owner,
      sql`SELECT t.id FROM app.messages t WHERE t.owner_id = ${owner} AND t.conversation_id = ${conversationId}
            AND t.parent_id = ${id} AND t.role = 'assistant' AND t.deleted_at IS NULL`,
    );
    return answers.map((answer) => answer.id);
  }

  /** The newest messages, at most 200, oldest first; an answer behind what it answers. */
  async said(owner: OwnerId, conversationId: string): Promise<Said[]> {
    const said = await this.messages.query<Said>(
      owner,
      sql`SELECT t.id, t.role, t.content, t.seq, t.parent_id AS "parentId",
            coalesce((SELECT p.seq FROM app.messages p WHERE p.owner_id = t.owner_id AND p.id = t.parent_id
              AND p.conversation_id = t.conversation_id AND t.role = 'assistant'), t.seq) AS place
          FROM app.messages t
          WHERE t.owner_id = ${owner} AND t.conversation_id = ${conversationId} AND t.deleted_at IS NULL
            AND EXISTS (SELECT FROM app.conversations c
              WHERE c.owner_id = ${owner} AND c.id = ${conversationId} AND c.deleted_at IS NULL)
          ORDER BY t.seq DESC LIMIT ${MOST}`,
    );
    const calls = await this.toolCalls.ofMessages(
      owner,
      said.map(({ id }) => id),
    );
    const byMessage = Map.groupBy(calls, ({ messageId }) => messageId);
    return said
      .map((message) => ({ ...message, calls: byMessage.get(message.id) ?? [] }))
      .toSorted((a, b) => a.place - b.place || a.seq - b.seq);
  }
}

/** The newest that fit, whole turns alone; the one that is being answered always. */
function fitting(said: Said[], current: number): Said[] {
  const places = Map.groupBy(said, ({ place }) => place);
  let left = BUDGET;
  const fits = (turn: Said[]) => {
    for (const { content, calls } of turn) left -= content.length + JSON.stringify(calls).length;
    return left >= 0;
  };
  const kept: Said[][] = [];
  for (const [place, turn] of [...places].toReversed()) {
    if (!fits(turn) && place !== current) break;
    kept.unshift(turn);
  }
  return kept.flat();
}
