import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a retry finds: of most requests for 48 hours, of messages on the message. */
export class Idempotency1764000000011 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.idempotency_keys (
      owner_id     text NOT NULL,
      id           uuid NOT NULL,
      created_at   timestamptz(3) NOT NULL DEFAULT now(),
      key          text NOT NULL,
      request_hash bytea NOT NULL,
      answer       text,
      CONSTRAINT idempotency_keys_pkey PRIMARY KEY (owner_id, id),
      -- The claim, and what a retry looks for
      CONSTRAINT idempotency_keys_key UNIQUE (owner_id, key),
      CONSTRAINT idempotency_keys_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE
    )`);
    // The purge, which has no owner
    await db.query(`CREATE INDEX idempotency_keys_purge_idx ON app.idempotency_keys (created_at)`);
    await db.query(`SELECT app.protect('idempotency_keys', '{created_at,request_hash,answer}')`);

    await db.query(`CREATE POLICY purge ON app.idempotency_keys TO assistant_purge
      USING (created_at < now() - interval '48 hours')`);
    await db.query(`GRANT SELECT (created_at), DELETE ON app.idempotency_keys TO assistant_purge`);
    await db.query(`CREATE FUNCTION app.purge_idempotency_keys() RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$ DELETE FROM app.idempotency_keys WHERE created_at < now() - interval '48 hours' $$`);
    await db.query(`GRANT CREATE ON SCHEMA app TO assistant_purge`);
    await db.query(`ALTER FUNCTION app.purge_idempotency_keys() OWNER TO assistant_purge`);
    await db.query(`REVOKE CREATE ON SCHEMA app FROM assistant_purge`);
    await db.query(`GRANT EXECUTE ON FUNCTION app.purge_idempotency_keys() TO assistant_app`);

    // The first message of a request carries its key; the others follow it by seq.
    await db.query(`ALTER TABLE app.messages ADD COLUMN idempotency_key text, ADD COLUMN request_hash bytea`);
    // What a retry of an append runs into
    await db.query(`CREATE UNIQUE INDEX messages_idempotency_key ON app.messages (owner_id, idempotency_key)
      WHERE idempotency_key IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX app.messages_idempotency_key`);
    await db.query(`ALTER TABLE app.messages DROP COLUMN idempotency_key, DROP COLUMN request_hash`);
    await db.query(`DROP FUNCTION app.purge_idempotency_keys()`);
    await db.query(`DROP TABLE app.idempotency_keys`);
  }
}
