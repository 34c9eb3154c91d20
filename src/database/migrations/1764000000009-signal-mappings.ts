import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SignalMappings1764000000009 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.signal_mappings (
      owner_id        text NOT NULL,
      id              uuid NOT NULL,
      created_at      timestamptz(3) NOT NULL DEFAULT now(),
      updated_at      timestamptz(3) NOT NULL DEFAULT now(),
      version         integer NOT NULL DEFAULT 1,
      phone_number    text NOT NULL,
      aide_id         uuid NOT NULL,
      conversation_id uuid NOT NULL,
      verified_at     timestamptz(3),
      CONSTRAINT signal_mappings_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT signal_mappings_phone_number_key UNIQUE (owner_id, phone_number),
      CONSTRAINT signal_mappings_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT signal_mappings_aide_id_fkey FOREIGN KEY (owner_id, aide_id)
        REFERENCES app.aides (owner_id, id) ON DELETE CASCADE,
      CONSTRAINT signal_mappings_conversation_id_fkey FOREIGN KEY (owner_id, conversation_id)
        REFERENCES app.conversations (owner_id, id) ON DELETE CASCADE,
      CONSTRAINT signal_mappings_phone_number_check CHECK (phone_number ~ '^\\+[1-9][0-9]{6,14}$')
    )`);
    // The look-up by phone, and one verified holder of a number in the whole installation. Claims that nobody has
    // proved yet may coexist: a refusal would tell whether a number is known.
    await db.query(`CREATE UNIQUE INDEX signal_mappings_verified_key ON app.signal_mappings (phone_number)
      WHERE verified_at IS NOT NULL`);
    // GET /v1/signal-mappings, newest first
    await db.query(
      `CREATE INDEX signal_mappings_newest_idx ON app.signal_mappings (owner_id, created_at, id)`,
    );
    // GET /v1/signal-mappings?aideId=, and the foreign key
    await db.query(`CREATE INDEX signal_mappings_aide_idx
      ON app.signal_mappings (owner_id, aide_id, created_at, id)`);
    // The foreign key's check when a conversation is deleted
    await db.query(`CREATE INDEX signal_mappings_conversation_idx
      ON app.signal_mappings (owner_id, conversation_id)`);
    await db.query(
      `SELECT app.protect('signal_mappings', '{conversation_id, version, updated_at}', deletable => true)`,
    );
    // A number begins unproved.
    await db.query(`REVOKE INSERT ON app.signal_mappings FROM assistant_app`);
    await db.query(`GRANT INSERT (owner_id, id, phone_number, aide_id, conversation_id)
      ON app.signal_mappings TO assistant_app`);

    // The look-up without an owner, for the Signal ear: whose number is it, verified ones only.
    await db.query(`CREATE POLICY lookup ON app.signal_mappings FOR SELECT TO assistant_lookup
      USING (verified_at IS NOT NULL)`);
    await db.query(
      `GRANT SELECT (owner_id, id, phone_number, verified_at) ON app.signal_mappings TO assistant_lookup`,
    );
    await db.query(`CREATE FUNCTION lookup.signal_mapping(phone text) RETURNS TABLE (owner text, id uuid)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT m.owner_id, m.id FROM app.signal_mappings m
        WHERE m.phone_number = phone AND m.verified_at IS NOT NULL $$`);
    await db.query(`GRANT CREATE ON SCHEMA lookup TO assistant_lookup`);
    await db.query(`ALTER FUNCTION lookup.signal_mapping(text) OWNER TO assistant_lookup`);
    await db.query(`REVOKE CREATE ON SCHEMA lookup FROM assistant_lookup`);
    await db.query(`GRANT EXECUTE ON FUNCTION lookup.signal_mapping(text) TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION lookup.signal_mapping(text)`);
    await db.query(`DROP TABLE app.signal_mappings`);
  }
}
