import sql, { type Sql } from '../database/sql.js';
import { newId } from '../database/new-id.js';
import type { OwnerId } from '../auth/owner-id.js';
import type { Retry } from '../http/retry.js';
import type { NewMessage } from './message.dto.js';

/**
 * Appends messages to a living conversation, its counter and its touch, in one statement: the row lock on the
 * conversation makes `seq` gap-free and the order of appending. Without such a conversation it answers no row.
 */
export function appendStatement(
  owner: OwnerId,
  conversationId: string,
  messages: NewMessage[],
  columns: Sql,
  retry?: Retry,
): Sql {
  const count = messages.length;
  const column = <T>(value: (message: NewMessage) => T) => messages.map(value);
  return sql`WITH counted AS (
      UPDATE app.conversations SET last_seq = last_seq + ${count}, message_count = message_count + ${count},
        version = version + 1, updated_at = now()
      WHERE owner_id = ${owner} AND id = ${conversationId} AND deleted_at IS NULL
      RETURNING owner_id, id, last_seq),
    appended AS (
      INSERT INTO app.messages AS t
        (owner_id, conversation_id, seq, id, role, content, metadata, tokens_used, parent_id, has_tool_calls,
        idempotency_key, request_hash)
      SELECT counted.owner_id, counted.id, counted.last_seq - ${count} + m.place::int,
        m.id, m.role, m.content, m.metadata::jsonb, m.tokens_used, m.parent_id, m.has_tool_calls,
        CASE WHEN m.place = 1 THEN ${retry?.key}::text END, CASE WHEN m.place = 1 THEN ${retry?.hash}::bytea END
      FROM counted, unnest(
        ${column(() => newId())}::uuid[], ${column(({ role }) => role)}::text[],
        ${column(({ content }) => content)}::text[],
        ${column(({ metadata }) => JSON.stringify(metadata ?? {}))}::text[],
        ${column(({ tokensUsed }) => tokensUsed ?? null)}::int[],
        ${column(({ parentId }) => parentId ?? null)}::uuid[],
        ${column(({ toolCalls }) => Boolean(toolCalls?.length))}::boolean[]
      ) WITH ORDINALITY AS m (id, role, content, metadata, tokens_used, parent_id, has_tool_calls, place)
      RETURNING ${columns})
    SELECT * FROM appended ORDER BY seq`;
}
