import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Schemas, roles and the functions on which every table's isolation rests. */
export class Foundation1764000000001 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const role of ['assistant_app', 'assistant_lookup', 'assistant_purge']) {
      await db.query(`DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
          CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS;
        END IF;
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING MESSAGE = 'role ${role} is missing';
      END $$`);
    }
    // To give a function to these roles, the migrating role must be able to become them.
    for (const role of ['assistant_lookup', 'assistant_purge']) {
      await db.query(`DO $$ BEGIN GRANT ${role} TO CURRENT_USER;
      EXCEPTION WHEN insufficient_privilege THEN -- then an administrator has granted it
        IF NOT pg_has_role(CURRENT_USER, '${role}', 'MEMBER') THEN
          RAISE insufficient_privilege USING MESSAGE = format('%I is no member of ${role}', CURRENT_USER);
        END IF;
      END $$`);
    }

    await db.query(`CREATE SCHEMA app`);
    await db.query(`CREATE SCHEMA lookup`);
    await db.query(`REVOKE ALL ON SCHEMA app, lookup FROM PUBLIC`);
    await db.query(`ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`);
    await db.query(`GRANT USAGE ON SCHEMA app TO assistant_app, assistant_lookup, assistant_purge`);
    await db.query(`GRANT USAGE ON SCHEMA lookup TO assistant_app`);
    await db.query(`GRANT SELECT ON public.migrations TO assistant_app`);

    // '' is what remains of a transaction-local setting on a connection that had one: as fail-closed as NULL.
    await db.query(`CREATE FUNCTION app.owner_id() RETURNS text
      LANGUAGE sql STABLE PARALLEL SAFE
      RETURN nullif(current_setting('app.owner_id', true), '')`);
    await db.query(
      `GRANT EXECUTE ON FUNCTION app.owner_id() TO assistant_app, assistant_lookup, assistant_purge`,
    );

    // The one template of every owned table. (SELECT …) in the policy is evaluated once per statement.
    await db.query(`CREATE FUNCTION app.protect(
        name text, updatable text[] DEFAULT '{}', deletable boolean DEFAULT false, owner_column text DEFAULT 'owner_id')
      RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
      BEGIN
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner ON app.%I USING (%2$I = (SELECT app.owner_id()))
                        WITH CHECK (%2$I = (SELECT app.owner_id()))', name, owner_column);
        EXECUTE format('REVOKE ALL ON app.%I FROM PUBLIC', name);
        EXECUTE format('GRANT SELECT, INSERT ON app.%I TO assistant_app', name);
        IF cardinality(updatable) > 0 THEN
          EXECUTE format('GRANT UPDATE (%2$s) ON app.%1$I TO assistant_app', name,
                         (SELECT string_agg(quote_ident(c), ', ') FROM unnest(updatable) c));
        END IF;
        IF deletable THEN
          EXECUTE format('GRANT DELETE ON app.%I TO assistant_app', name);
        END IF;
      END $$`);

    // JSON Merge Patch, RFC 7396, section 2.
    await db.query(`CREATE FUNCTION app.merge_patch(target jsonb, patch jsonb) RETURNS jsonb
      LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN jsonb_typeof(patch) <> 'object' THEN patch ELSE coalesce((
          SELECT jsonb_object_agg(key, CASE WHEN p.value IS NULL THEN t.value ELSE app.merge_patch(t.value, p.value) END)
          FROM jsonb_each(CASE WHEN jsonb_typeof(target) = 'object' THEN target ELSE '{}' END) t
          FULL JOIN jsonb_each(patch) p USING (key)
          WHERE p.value IS NULL OR jsonb_typeof(p.value) <> 'null'), '{}') END $$`);
    await db.query(`GRANT EXECUTE ON FUNCTION app.merge_patch(jsonb, jsonb) TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION app.merge_patch(jsonb, jsonb)`);
    await db.query(`DROP FUNCTION app.protect(text, text[], boolean, text)`);
    await db.query(`DROP FUNCTION app.owner_id()`);
    await db.query(`DROP SCHEMA lookup`);
    await db.query(`DROP SCHEMA app`);
    await db.query(`REVOKE SELECT ON public.migrations FROM assistant_app`);
    await db.query(`ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC`);
    // The roles stay: other databases of the server may use them.
  }
}
