import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Messages1764000000006 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.messages (
      owner_id        text NOT NULL,
      id              uuid NOT NULL,
      created_at      timestamptz(3) NOT NULL DEFAULT now(),
      conversation_id uuid NOT NULL,
      seq             integer NOT NULL,
      role            text NOT NULL,
      content         text NOT NULL,
      metadata        jsonb NOT NULL DEFAULT '{}',
      tokens_used     integer,
      parent_id       uuid,
      has_tool_calls  boolean NOT NULL DEFAULT false,
      deleted_at      timestamptz(3),
      CONSTRAINT messages_pkey PRIMARY KEY (owner_id, id),
      -- What replies and tool calls refer to, so that they stay within one conversation
      CONSTRAINT messages_id_key UNIQUE (owner_id, conversation_id, id),
      -- GET /v1/conversations/{id}/messages, both directions
      CONSTRAINT messages_seq_key UNIQUE (owner_id, conversation_id, seq),
      CONSTRAINT messages_conversation_id_fkey FOREIGN KEY (owner_id, conversation_id)
        REFERENCES app.conversations (owner_id, id) ON DELETE CASCADE,
      CONSTRAINT messages_parent_id_fkey FOREIGN KEY (owner_id, conversation_id, parent_id)
        REFERENCES app.messages (owner_id, conversation_id, id),
      CONSTRAINT messages_role_check CHECK (role IN ('user', 'assistant', 'system')),
      CONSTRAINT messages_content_check CHECK (char_length(content) <= 100000
        AND (content <> '' OR has_tool_calls) AND (role = 'assistant' OR NOT has_tool_calls)),
      CONSTRAINT messages_metadata_check
        CHECK (jsonb_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 16384),
      CONSTRAINT messages_tokens_used_check CHECK (tokens_used >= 0),
      CONSTRAINT messages_seq_check CHECK (seq >= 1)
    )`);
    // A conversation has one owner. Without knowing so, the planner expects one message where there are hundreds, and the
    // foreign keys of replies and tool calls look for their message through all of its conversation.
    await db.query(`CREATE STATISTICS app.messages_conversation_stats (dependencies)
      ON owner_id, conversation_id FROM app.messages`);
    // GET /v1/messages: an owner's latest
    await db.query(`CREATE INDEX messages_newest_idx ON app.messages (owner_id, created_at, id)
      WHERE deleted_at IS NULL`);
    // GET /v1/messages?role=: a rare role is not looked for among all of the owner's messages
    await db.query(`CREATE INDEX messages_role_idx ON app.messages (owner_id, role, created_at, id)
      WHERE deleted_at IS NULL`);
    // The foreign key's check when the purge removes a parent
    await db.query(`CREATE INDEX messages_parent_idx ON app.messages (owner_id, conversation_id, parent_id)
      WHERE parent_id IS NOT NULL`);
    // The purge, which has no owner
    await db.query(
      `CREATE INDEX messages_purge_idx ON app.messages (deleted_at) WHERE deleted_at IS NOT NULL`,
    );
    // Immutable but for the mark of deletion.
    await db.query(`SELECT app.protect('messages', '{deleted_at}')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.messages`);
  }
}
