import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Aides1764000000004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.aides (
      owner_id          text NOT NULL,
      id                uuid NOT NULL,
      created_at        timestamptz(3) NOT NULL DEFAULT now(),
      updated_at        timestamptz(3) NOT NULL DEFAULT now(),
      version           integer NOT NULL DEFAULT 1,
      title             text NOT NULL,
      status            text NOT NULL DEFAULT 'draft',
      slug              text,
      state             jsonb NOT NULL DEFAULT '{}',
      published_at      timestamptz(3),
      published_version integer,
      published_title   text,
      published_state   jsonb,
      CONSTRAINT aides_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT aides_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT aides_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
      CONSTRAINT aides_status_check CHECK (status IN ('draft', 'published', 'archived')),
      CONSTRAINT aides_slug_check CHECK (slug ~ '^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$'),
      CONSTRAINT aides_state_check CHECK (jsonb_typeof(state) = 'object'),
      CONSTRAINT aides_published_check CHECK (
        (status = 'published') = (slug IS NOT NULL) AND
        num_nulls(slug, published_at, published_version, published_title, published_state) IN (0, 5))
    )`);
    // GET /v1/public/aides/{slug}, and one holder of a slug in the whole installation
    await db.query(`CREATE UNIQUE INDEX aides_slug_key ON app.aides (slug)`);
    // GET /v1/aides: newest update first
    await db.query(`CREATE INDEX aides_recent_idx ON app.aides (owner_id, updated_at, id)`);
    await db.query(`SELECT app.protect('aides', '{title, status, slug, published_at, published_version,
      published_title, published_state, version, updated_at}', deletable => true)`);

    // The look-up without an owner: the allow-listed fields of a published aide, nothing else.
    await db.query(
      `CREATE POLICY lookup ON app.aides FOR SELECT TO assistant_lookup USING (status = 'published')`,
    );
    await db.query(`GRANT SELECT (status, slug, published_at, published_version, published_title, published_state)
      ON app.aides TO assistant_lookup`);
    await db.query(`CREATE FUNCTION lookup.published_aide(wanted text)
      RETURNS TABLE (slug text, title text, state jsonb, version integer, published_at timestamptz)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT a.slug, a.published_title, a.published_state, a.published_version, a.published_at
        FROM app.aides a WHERE a.slug = wanted AND a.status = 'published' $$`);
    await db.query(`GRANT CREATE ON SCHEMA lookup TO assistant_lookup`);
    await db.query(`ALTER FUNCTION lookup.published_aide(text) OWNER TO assistant_lookup`);
    await db.query(`REVOKE CREATE ON SCHEMA lookup FROM assistant_lookup`);
    await db.query(`GRANT EXECUTE ON FUNCTION lookup.published_aide(text) TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION lookup.published_aide(text)`);
    await db.query(`DROP TABLE app.aides`);
  }
}
