import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The history of an aide's state: append-only, whoever asks. */
export class AideEvents1764000000013 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.aide_events (
      owner_id   text NOT NULL,
      id         uuid NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      aide_id    uuid NOT NULL,
      version    integer NOT NULL,
      type       text NOT NULL,
      operations jsonb NOT NULL,
      actor      text NOT NULL,
      channel    text NOT NULL,
      state      jsonb,
      CONSTRAINT aide_events_pkey PRIMARY KEY (owner_id, id),
      -- GET /v1/aides/{id}/events, the state as of a version, the foreign key, and no version twice
      CONSTRAINT aide_events_version_key UNIQUE (owner_id, aide_id, version),
      CONSTRAINT aide_events_aide_id_fkey FOREIGN KEY (owner_id, aide_id)
        REFERENCES app.aides (owner_id, id) ON DELETE CASCADE,
      CONSTRAINT aide_events_version_check CHECK (version > 0),
      CONSTRAINT aide_events_type_check CHECK (char_length(type) BETWEEN 1 AND 100),
      CONSTRAINT aide_events_operations_check CHECK (jsonb_typeof(operations) = 'array'),
      CONSTRAINT aide_events_actor_check CHECK (actor IN ('owner', 'assistant', 'signal')),
      CONSTRAINT aide_events_channel_check CHECK (channel IN ('web', 'signal')),
      CONSTRAINT aide_events_state_check CHECK (jsonb_typeof(state) = 'object')
    )`);

    // A state that is there already becomes the first event, as it does where an aide is created with one.
    await db.query(`SET LOCAL row_security = off`); // silence would be an error
    await db.query(`ALTER TABLE app.aides NO FORCE ROW LEVEL SECURITY`);
    await db.query(`ALTER TABLE app.aides ADD COLUMN state_version integer NOT NULL DEFAULT 0`);
    await db.query(`UPDATE app.aides SET state_version = 1 WHERE state <> '{}'`);
    await db.query(`INSERT INTO app.aide_events (owner_id, id, created_at, aide_id, version, type, operations, actor, channel)
      SELECT owner_id, overlay(overlay(gen_random_uuid()::text PLACING '7' FROM 15) PLACING
          overlay(lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0) FROM 1)::uuid,
        created_at, id, 1, 'created', jsonb_build_array(jsonb_build_object('op', 'add', 'path', '', 'value', state)), 'owner', 'web'
      FROM app.aides WHERE state_version = 1`);
    await db.query(`ALTER TABLE app.aides FORCE ROW LEVEL SECURITY`);
    await db.query(`GRANT UPDATE (state, state_version) ON app.aides TO assistant_app`);
    await db.query(`SELECT app.protect('aide_events')`);

    // Nor does the role that owns the table change history. Events go with their aide, in the cascade, which is a trigger.
    await db.query(`CREATE FUNCTION app.refuse_history() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog AS $$
      BEGIN
        RAISE EXCEPTION 'an event never changes'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'aide_events_immutable';
      END $$`);
    await db.query(`CREATE TRIGGER aide_events_immutable BEFORE UPDATE OR TRUNCATE ON app.aide_events
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_history()`);
    await db.query(`CREATE TRIGGER aide_events_kept BEFORE DELETE ON app.aide_events
      FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION app.refuse_history()`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`REVOKE UPDATE (state, state_version) ON app.aides FROM assistant_app`);
    await db.query(`ALTER TABLE app.aides DROP COLUMN state_version`);
    await db.query(`DROP TABLE app.aide_events`);
    await db.query(`DROP FUNCTION app.refuse_history()`);
  }
}
