import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ToolCalls1764000000008 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.tool_calls (
      owner_id        text NOT NULL,
      id              uuid NOT NULL,
      created_at      timestamptz(3) NOT NULL DEFAULT now(),
      conversation_id uuid NOT NULL,
      message_id      uuid NOT NULL,
      tool_name       text NOT NULL,
      parameters      jsonb NOT NULL DEFAULT '{}',
      status          text NOT NULL DEFAULT 'pending',
      result          jsonb,
      duration_ms     integer,
      finished_at     timestamptz(3),
      CONSTRAINT tool_calls_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT tool_calls_message_id_fkey FOREIGN KEY (owner_id, conversation_id, message_id)
        REFERENCES app.messages (owner_id, conversation_id, id) ON DELETE CASCADE,
      CONSTRAINT tool_calls_tool_name_check CHECK (char_length(tool_name) BETWEEN 1 AND 100),
      CONSTRAINT tool_calls_parameters_check CHECK (jsonb_typeof(parameters) = 'object'),
      CONSTRAINT tool_calls_status_check CHECK (status IN ('pending', 'success', 'error', 'denied')),
      CONSTRAINT tool_calls_duration_ms_check CHECK (duration_ms >= 0),
      CONSTRAINT tool_calls_finished_check CHECK ((status = 'pending') = (finished_at IS NULL)
        AND (status <> 'pending' OR (result IS NULL AND duration_ms IS NULL)))
    )`);
    // GET /v1/conversations/{id}/tool-calls, /v1/messages/{id}/tool-calls, and the foreign key
    await db.query(`CREATE INDEX tool_calls_message_idx
      ON app.tool_calls (owner_id, conversation_id, message_id, id)`);
    await db.query(`SELECT app.protect('tool_calls', '{status, result, duration_ms, finished_at}')`);

    await db.query(`CREATE FUNCTION app.freeze_finished_call() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog AS $$
      BEGIN
        RAISE EXCEPTION 'a finished tool call never changes'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'tool_calls_frozen';
      END $$`);
    await db.query(`CREATE TRIGGER tool_calls_frozen BEFORE UPDATE ON app.tool_calls
      FOR EACH ROW WHEN (OLD.status <> 'pending') EXECUTE FUNCTION app.freeze_finished_call()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.tool_calls`);
    await db.query(`DROP FUNCTION app.freeze_finished_call()`);
  }
}
