import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Turns of a chat that outlive the process which does them, what they have said so far, and what of a month they have used. */
export class Runs1764000000018 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await createRuns(db);
    await db.query(`CREATE TABLE app.run_chunks (
      owner_id   text NOT NULL,
      run_id     uuid NOT NULL,
      seq        integer NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      chunks     jsonb NOT NULL,
      -- Following a run from any chunk on
      CONSTRAINT run_chunks_pkey PRIMARY KEY (owner_id, run_id, seq),
      CONSTRAINT run_chunks_run_id_fkey FOREIGN KEY (owner_id, run_id)
        REFERENCES app.runs (owner_id, id) ON DELETE CASCADE,
      CONSTRAINT run_chunks_seq_check CHECK (seq >= 0),
      CONSTRAINT run_chunks_chunks_check CHECK (jsonb_typeof(chunks) = 'array')
    )`);
    // The purge, which has no owner
    await db.query(`CREATE INDEX run_chunks_purge_idx ON app.run_chunks (created_at)`);
    await db.query(`SELECT app.protect('run_chunks')`);

    await db.query(`CREATE TABLE app.chat_usage (
      owner_id   text NOT NULL,
      month      date NOT NULL,
      turns      integer NOT NULL,
      tokens     bigint NOT NULL,
      CONSTRAINT chat_usage_pkey PRIMARY KEY (owner_id, month),
      CONSTRAINT chat_usage_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT chat_usage_check CHECK (turns >= 0 AND tokens >= 0)
    )`);
    await db.query(`SELECT app.protect('chat_usage', '{turns,tokens}')`);

    await createLookup(db);
    await createPurge(db);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION app.purge_run_chunks()`);
    await db.query(`DROP FUNCTION lookup.lapsed_runs(integer)`);
    await db.query(`DROP TABLE app.chat_usage`);
    await db.query(`DROP TABLE app.run_chunks`);
    await db.query(`DROP TABLE app.runs`);
  }
}

async function createRuns(db: QueryRunner): Promise<void> {
  await db.query(`CREATE TABLE app.runs (
    owner_id          text NOT NULL,
    id                uuid NOT NULL,
    created_at        timestamptz(3) NOT NULL DEFAULT now(),
    updated_at        timestamptz(3) NOT NULL DEFAULT now(),
    version           integer NOT NULL DEFAULT 1,
    conversation_id   uuid NOT NULL,
    user_message_id   uuid NOT NULL,
    answer_id         uuid NOT NULL,
    continues_id      uuid,
    client_message_id text,
    idempotency_key   text,
    request_hash      bytea,
    trigger           text NOT NULL,
    status            text NOT NULL,
    attempt           integer NOT NULL DEFAULT 1,
    lease_until       timestamptz(3),
    stop_requested_at timestamptz(3),
    chunk_count       integer NOT NULL DEFAULT 0,
    steps             integer NOT NULL DEFAULT 0,
    step_seq          integer NOT NULL DEFAULT 0,
    tokens            integer NOT NULL DEFAULT 0,
    reserved_tokens   integer NOT NULL,
    error_code        text,
    CONSTRAINT runs_pkey PRIMARY KEY (owner_id, id),
    CONSTRAINT runs_user_message_id_fkey FOREIGN KEY (owner_id, conversation_id, user_message_id)
      REFERENCES app.messages (owner_id, conversation_id, id) ON DELETE CASCADE,
    CONSTRAINT runs_continues_id_fkey FOREIGN KEY (owner_id, continues_id)
      REFERENCES app.runs (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT runs_trigger_check CHECK (trigger IN ('submit', 'regenerate', 'approval')),
    CONSTRAINT runs_status_check
      CHECK (status IN ('queued', 'running', 'waiting', 'finished', 'stopped', 'failed')),
    CONSTRAINT runs_lease_check CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CONSTRAINT runs_error_check CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CONSTRAINT runs_client_message_id_check CHECK (char_length(client_message_id) BETWEEN 1 AND 255),
    CONSTRAINT runs_counts_check CHECK (step_seq BETWEEN 0 AND chunk_count AND steps >= 0 AND tokens >= 0)
  )`);
  // GET /v1/conversations/{id}/turns: newest first; those that wait in a conversation; the key to the message
  await db.query(`CREATE INDEX runs_newest_idx ON app.runs (owner_id, conversation_id, created_at, id)`);
  // One active turn in a conversation; and, being small, what lookup.lapsed_runs reads
  await db.query(`CREATE UNIQUE INDEX runs_running_key ON app.runs (owner_id, conversation_id)
    WHERE status = 'running'`);
  // What a repeated request runs into: of a client's message, of a key, of a decision
  await db.query(`CREATE UNIQUE INDEX runs_client_message_id_key
    ON app.runs (owner_id, conversation_id, client_message_id) WHERE client_message_id IS NOT NULL`);
  await db.query(`CREATE UNIQUE INDEX runs_idempotency_key ON app.runs (owner_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL`);
  await db.query(`CREATE UNIQUE INDEX runs_continues_id_key ON app.runs (owner_id, continues_id)
    WHERE continues_id IS NOT NULL`);
  await db.query(`SELECT app.protect('runs', '{status,attempt,lease_until,stop_requested_at,chunk_count,steps,step_seq,
    tokens,reserved_tokens,error_code,version,updated_at}')`);
}

/** Which runs nobody does any more, of all owners: their ids, and nothing of what is said in them. */
async function createLookup(db: QueryRunner): Promise<void> {
  await db.query(`CREATE POLICY lookup ON app.runs FOR SELECT TO assistant_lookup
    USING (status = 'running' AND lease_until < now())`);
  await db.query(`GRANT SELECT (owner_id, id, status, lease_until) ON app.runs TO assistant_lookup`);
  await db.query(`CREATE FUNCTION lookup.lapsed_runs(most integer) RETURNS TABLE (owner text, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT r.owner_id, r.id FROM app.runs r WHERE r.status = 'running' AND r.lease_until < now()
      ORDER BY r.lease_until LIMIT most $$`);
  await db.query(`GRANT CREATE ON SCHEMA lookup TO assistant_lookup`);
  await db.query(`ALTER FUNCTION lookup.lapsed_runs(integer) OWNER TO assistant_lookup`);
  await db.query(`REVOKE CREATE ON SCHEMA lookup FROM assistant_lookup`);
  await db.query(`GRANT EXECUTE ON FUNCTION lookup.lapsed_runs(integer) TO assistant_app`);
}

/** What was said is in the messages: its chunks are for those who follow, and a turn does not last a day. */
async function createPurge(db: QueryRunner): Promise<void> {
  await db.query(`CREATE POLICY purge ON app.run_chunks TO assistant_purge
    USING (created_at < now() - interval '1 day')`);
  await db.query(`GRANT SELECT (created_at), DELETE ON app.run_chunks TO assistant_purge`);
  await db.query(`CREATE FUNCTION app.purge_run_chunks() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ DELETE FROM app.run_chunks WHERE created_at < now() - interval '1 day' $$`);
  await db.query(`GRANT CREATE ON SCHEMA app TO assistant_purge`);
  await db.query(`ALTER FUNCTION app.purge_run_chunks() OWNER TO assistant_purge`);
  await db.query(`REVOKE CREATE ON SCHEMA app FROM assistant_purge`);
  await db.query(`GRANT EXECUTE ON FUNCTION app.purge_run_chunks() TO assistant_app`);
}
