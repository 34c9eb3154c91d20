import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the instances count together: requests of an owner or an address in a window of 60 seconds. */
export class RateLimits1764000000012 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Unlogged: writing it costs no WAL, and what a crash of the server loses is a minute's counting. Nothing but the
    // key is indexed, so that counting rewrites no index (HOT).
    await db.query(`CREATE UNLOGGED TABLE app.rate_limits (
      subject   bytea NOT NULL,
      used      bigint NOT NULL,
      resets_at timestamptz NOT NULL,
      CONSTRAINT rate_limits_pkey PRIMARY KEY (subject)
    )`);
    await db.query(
      `GRANT SELECT, INSERT, UPDATE (used, resets_at), DELETE ON app.rate_limits TO assistant_purge`,
    );

    // Gives as much of \`wanted\` as \`quota\` leaves in the window, which begins with the first lease after the one before
    // has ended. What is refused is counted too, which changes nothing: the quota is used up then. One call in a hundred
    // removes what has ended; last, and not what another call has locked, so that calls never wait for each other in turn.
    await db.query(`CREATE FUNCTION app.take_lease(key bytea, quota integer, wanted integer)
      RETURNS TABLE (granted integer, remaining integer, seconds double precision)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        RETURN QUERY
          INSERT INTO app.rate_limits AS r (subject, used, resets_at) VALUES (key, wanted, now() + interval '60 seconds')
          ON CONFLICT (subject) DO UPDATE SET
            used = CASE WHEN r.resets_at <= now() THEN wanted ELSE r.used + wanted END,
            resets_at = CASE WHEN r.resets_at <= now() THEN excluded.resets_at ELSE r.resets_at END
          RETURNING greatest(0, least(wanted, quota - r.used + wanted))::integer,
            greatest(0, quota - r.used)::integer, extract(epoch FROM r.resets_at - now())::double precision;
        IF random() < 0.01 THEN
          DELETE FROM app.rate_limits WHERE subject IN (
            SELECT subject FROM app.rate_limits WHERE resets_at <= now() FOR UPDATE SKIP LOCKED);
        END IF;
      END $$`);
    await db.query(`GRANT CREATE ON SCHEMA app TO assistant_purge`);
    await db.query(`ALTER FUNCTION app.take_lease(bytea, integer, integer) OWNER TO assistant_purge`);
    await db.query(`REVOKE CREATE ON SCHEMA app FROM assistant_purge`);
    await db.query(`GRANT EXECUTE ON FUNCTION app.take_lease(bytea, integer, integer) TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION app.take_lease(bytea, integer, integer)`);
    await db.query(`DROP TABLE app.rate_limits`);
  }
}
