import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The one job that works for all owners: removing what they deleted long ago. */
export class Purge1764000000010 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.jobs (
      name   text NOT NULL,
      ran_at timestamptz(3) NOT NULL,
      CONSTRAINT jobs_pkey PRIMARY KEY (name)
    )`);
    await db.query(`INSERT INTO app.jobs (name, ran_at) VALUES ('purge', '-infinity')`);
    await db.query(`GRANT SELECT, UPDATE (ran_at) ON app.jobs TO assistant_purge`);

    // This role deletes nothing but what an owner has deleted, and reads no content: ids and marks alone.
    await db.query(
      `CREATE POLICY purge ON app.conversations TO assistant_purge USING (deleted_at IS NOT NULL)`,
    );
    await db.query(`GRANT SELECT (owner_id, id, deleted_at), DELETE ON app.conversations TO assistant_purge`);
    await db.query(
      `CREATE POLICY purge ON app.messages FOR DELETE TO assistant_purge USING (deleted_at IS NOT NULL)`,
    );
    await db.query(`CREATE POLICY purge_read ON app.messages FOR SELECT TO assistant_purge
      USING (deleted_at IS NOT NULL OR parent_id IS NOT NULL)`);
    await db.query(`GRANT SELECT (owner_id, conversation_id, id, parent_id, deleted_at), DELETE
      ON app.messages TO assistant_purge`);

    // Rows gone, or NULL where another instance has purged within the hour. A deleted message stays, hidden as it is,
    // as long as any reply to it does; a chain of deleted replies goes at once.
    await db.query(`CREATE FUNCTION app.purge(older_than interval) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE conversations bigint; messages bigint;
      BEGIN
        IF older_than < interval '1 day' THEN
          RAISE EXCEPTION 'nothing younger than a day is purged' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        UPDATE app.jobs SET ran_at = now() WHERE name = 'purge' AND ran_at < now() - interval '1 hour';
        IF NOT FOUND THEN RETURN NULL; END IF;
        DELETE FROM app.conversations WHERE deleted_at < now() - older_than;
        GET DIAGNOSTICS conversations = ROW_COUNT;
        WITH RECURSIVE old AS MATERIALIZED (
          SELECT owner_id, conversation_id, id, parent_id FROM app.messages WHERE deleted_at < now() - older_than),
        kept AS (
          SELECT o.* FROM old o WHERE EXISTS (SELECT FROM app.messages r WHERE r.owner_id = o.owner_id
            AND r.conversation_id = o.conversation_id AND r.parent_id = o.id
            AND (r.deleted_at < now() - older_than) IS NOT TRUE)
          UNION SELECT o.* FROM old o JOIN kept k ON k.owner_id = o.owner_id AND k.parent_id = o.id)
        DELETE FROM app.messages m USING old o WHERE m.owner_id = o.owner_id AND m.id = o.id
          AND NOT EXISTS (SELECT FROM kept k WHERE k.owner_id = o.owner_id AND k.id = o.id);
        GET DIAGNOSTICS messages = ROW_COUNT;
        RETURN conversations + messages;
      END $$`);
    await db.query(`GRANT CREATE ON SCHEMA app TO assistant_purge`);
    await db.query(`ALTER FUNCTION app.purge(interval) OWNER TO assistant_purge`);
    await db.query(`REVOKE CREATE ON SCHEMA app FROM assistant_purge`);
    await db.query(`GRANT EXECUTE ON FUNCTION app.purge(interval) TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION app.purge(interval)`);
    await db.query(`DROP POLICY purge ON app.messages`);
    await db.query(`DROP POLICY purge_read ON app.messages`);
    await db.query(`DROP POLICY purge ON app.conversations`);
    await db.query(`REVOKE ALL ON app.conversations, app.messages FROM assistant_purge`);
    await db.query(`DROP TABLE app.jobs`);
  }
}
