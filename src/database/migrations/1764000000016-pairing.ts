import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A number is proved by a code that is sent from it. */
export class Pairing1764000000016 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await createRole(db);

    // A new code of a mapping takes the place of the one before. Codes have no key to the mapping: making it again would
    // set back how many an owner has asked for within the hour.
    await db.query(`CREATE TABLE app.pairing_codes (
      owner_id   text NOT NULL,
      id         uuid NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      mapping_id uuid NOT NULL,
      code_hash  bytea NOT NULL,
      expires_at timestamptz(3) NOT NULL,
      tries      integer NOT NULL DEFAULT 0,
      CONSTRAINT pairing_codes_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT pairing_codes_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT pairing_codes_tries_check CHECK (tries BETWEEN 0 AND 5),
      CONSTRAINT pairing_codes_expires_at_check CHECK (expires_at <= created_at + interval '16 minutes')
    )`);
    await db.query(`SELECT app.protect('pairing_codes')`);
    // A code begins untried, and by the clock of the database.
    await db.query(`REVOKE INSERT ON app.pairing_codes FROM assistant_app`);
    await db.query(`GRANT INSERT (owner_id, id, mapping_id, code_hash, expires_at)
      ON app.pairing_codes TO assistant_app`);
    // The claims of a number, of all owners
    await db.query(`CREATE INDEX signal_mappings_claims_idx ON app.signal_mappings (phone_number)
      WHERE verified_at IS NULL`);

    // The role sees one number, the one that is being confirmed, and of codes those of the last hour.
    await db.query(`CREATE POLICY pairing ON app.signal_mappings TO assistant_pairing
      USING (phone_number = current_setting('app.phone', true))`);
    await db.query(`GRANT SELECT (owner_id, id, phone_number, verified_at, version),
      UPDATE (verified_at, version, updated_at) ON app.signal_mappings TO assistant_pairing`);
    await db.query(`CREATE POLICY pairing ON app.pairing_codes TO assistant_pairing
      USING (created_at > now() - interval '1 hour')`);
    await db.query(`GRANT SELECT (owner_id, created_at, mapping_id, code_hash, expires_at, tries),
      UPDATE (expires_at, tries) ON app.pairing_codes TO assistant_pairing`);
    await db.query(`CREATE POLICY pairing ON app.audit_log FOR INSERT TO assistant_pairing
      WITH CHECK (entity = 'signal_mapping' AND action IN ('verify', 'lose'))`);
    await db.query(`GRANT INSERT (owner_id, id, action, entity, entity_id, request_id)
      ON app.audit_log TO assistant_pairing`);
    await db.query(`GRANT SELECT, INSERT, UPDATE (used, resets_at) ON app.rate_limits TO assistant_pairing`);
    await createConfirm(db);

    await db.query(`CREATE POLICY purge ON app.pairing_codes TO assistant_purge
      USING (created_at < now() - interval '1 hour')`);
    await db.query(`GRANT SELECT (created_at), DELETE ON app.pairing_codes TO assistant_purge`);
    await db.query(`CREATE FUNCTION app.purge_pairing_codes() RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$ DELETE FROM app.pairing_codes WHERE created_at < now() - interval '1 hour' $$`);
    await give(db, 'app', 'purge_pairing_codes()', 'assistant_purge');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION app.purge_pairing_codes()`);
    await db.query(`DROP FUNCTION lookup.confirm_pairing(text, bytea, bytea, text, uuid[])`);
    await db.query(`DROP POLICY pairing ON app.audit_log`);
    await db.query(`DROP POLICY pairing ON app.signal_mappings`);
    await db.query(`DROP INDEX app.signal_mappings_claims_idx`);
    await db.query(`DROP TABLE app.pairing_codes`);
    await db.query(
      `REVOKE ALL ON app.audit_log, app.rate_limits, app.signal_mappings FROM assistant_pairing`,
    );
    await db.query(`REVOKE EXECUTE ON FUNCTION app.owner_id() FROM assistant_pairing`);
    await db.query(`REVOKE USAGE ON SCHEMA app FROM assistant_pairing`);
    // The role stays: other databases of the server may use it.
  }
}

/** As the first migration makes the others: by itself where it may, else by an administrator (docs/roles.sql). */
async function createRole(db: QueryRunner): Promise<void> {
  await db.query(`DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'assistant_pairing') THEN
      CREATE ROLE assistant_pairing NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING MESSAGE = 'role assistant_pairing is missing';
  END $$`);
  await db.query(`DO $$ BEGIN GRANT assistant_pairing TO CURRENT_USER;
  EXCEPTION WHEN insufficient_privilege THEN
    IF NOT pg_has_role(CURRENT_USER, 'assistant_pairing', 'MEMBER') THEN
      RAISE insufficient_privilege USING MESSAGE = format('%I is no member of assistant_pairing', CURRENT_USER);
    END IF;
  END $$`);
  await db.query(`GRANT USAGE ON SCHEMA app TO assistant_pairing`);
  await db.query(`GRANT EXECUTE ON FUNCTION app.owner_id() TO assistant_pairing`);
}

async function give(db: QueryRunner, schema: string, signature: string, role: string): Promise<void> {
  await db.query(`GRANT CREATE ON SCHEMA ${schema} TO ${role}`);
  await db.query(`ALTER FUNCTION ${schema}.${signature} OWNER TO ${role}`);
  await db.query(`REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`);
  await db.query(`GRANT EXECUTE ON FUNCTION ${schema}.${signature} TO assistant_app`);
}

/**
 * Gives the number to the claim whose living code this is, taking it from who holds it. Else a try is counted against every
 * living code of the number. The first statement locks the number: what follows sees what others have confirmed of it.
 */
async function createConfirm(db: QueryRunner): Promise<void> {
  await db.query(`CREATE FUNCTION lookup.confirm_pairing(
      phone text, code bytea, number_key bytea, request text, entries uuid[])
    RETURNS TABLE (owner text, id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    #variable_conflict use_column
    DECLARE attempts bigint; claim record; holder record;
    BEGIN
      INSERT INTO app.rate_limits AS r (subject, used, resets_at) VALUES (number_key, 1, now() + interval '1 hour')
      ON CONFLICT (subject) DO UPDATE SET
        used = CASE WHEN r.resets_at <= now() THEN 1 ELSE r.used + 1 END,
        resets_at = CASE WHEN r.resets_at <= now() THEN excluded.resets_at ELSE r.resets_at END
      RETURNING used INTO attempts;
      IF attempts > 20 THEN RETURN; END IF;
      PERFORM set_config('app.phone', phone, true);

      SELECT * INTO claim FROM (
        SELECT DISTINCT ON (m.owner_id) m.owner_id, m.id AS mapping_id, c.code_hash, c.tries
        FROM app.signal_mappings m JOIN app.pairing_codes c ON c.owner_id = m.owner_id AND c.mapping_id = m.id
        WHERE m.phone_number = phone AND m.verified_at IS NULL AND c.expires_at > now()
        ORDER BY m.owner_id, c.expires_at DESC) AS newest
      WHERE code_hash = code AND tries < 5;
      IF NOT FOUND THEN
        UPDATE app.pairing_codes c SET tries = c.tries + 1 FROM app.signal_mappings m
        WHERE m.phone_number = phone AND m.verified_at IS NULL AND c.owner_id = m.owner_id AND c.mapping_id = m.id
          AND c.expires_at > now() AND c.tries < 5;
        RETURN;
      END IF;

      -- The log comes first: its key locks the owners before their mappings, as erasing an owner does.
      INSERT INTO app.audit_log (owner_id, id, action, entity, entity_id, request_id)
      VALUES (claim.owner_id, entries[1], 'verify', 'signal_mapping', claim.mapping_id, request);
      SELECT m.owner_id, m.id INTO holder FROM app.signal_mappings m
      WHERE m.phone_number = phone AND m.verified_at IS NOT NULL;
      IF FOUND THEN
        INSERT INTO app.audit_log (owner_id, id, action, entity, entity_id, request_id)
        VALUES (holder.owner_id, entries[2], 'lose', 'signal_mapping', holder.id, request);
        UPDATE app.signal_mappings m SET verified_at = NULL, version = m.version + 1, updated_at = now()
        WHERE m.phone_number = phone AND m.verified_at IS NOT NULL;
      END IF;
      UPDATE app.signal_mappings m SET verified_at = now(), version = m.version + 1, updated_at = now()
      WHERE m.phone_number = phone AND m.owner_id = claim.owner_id AND m.id = claim.mapping_id;
      IF NOT FOUND THEN RAISE no_data_found; END IF;
      UPDATE app.pairing_codes c SET expires_at = '-infinity'
      WHERE c.owner_id = claim.owner_id AND c.mapping_id = claim.mapping_id AND c.expires_at > now();
      RETURN QUERY SELECT claim.owner_id, claim.mapping_id;
    EXCEPTION WHEN no_data_found OR foreign_key_violation THEN
      RETURN; -- the claim or an owner is gone since it was read
    END $$`);
  await give(db, 'lookup', 'confirm_pairing(text, bytea, bytea, text, uuid[])', 'assistant_pairing');
}
