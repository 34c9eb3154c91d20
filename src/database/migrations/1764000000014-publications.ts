import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What has been published of an aide, and when. The state is not copied: that of the current one is on the aide. */
export class Publications1764000000014 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.aide_publications (
      owner_id   text NOT NULL,
      id         uuid NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      aide_id    uuid NOT NULL,
      version    integer NOT NULL,
      title      text NOT NULL,
      slug       text NOT NULL,
      CONSTRAINT aide_publications_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT aide_publications_aide_id_fkey FOREIGN KEY (owner_id, aide_id)
        REFERENCES app.aides (owner_id, id) ON DELETE CASCADE
    )`);
    // GET /v1/aides/{id}/publications: newest first; and the foreign key
    await db.query(`CREATE UNIQUE INDEX aide_publications_version_key
      ON app.aide_publications (owner_id, aide_id, version)`);

    // What is published already is the first of its list.
    await db.query(`SET LOCAL row_security = off`);
    await db.query(`ALTER TABLE app.aides NO FORCE ROW LEVEL SECURITY`);
    await db.query(`INSERT INTO app.aide_publications (owner_id, id, created_at, aide_id, version, title, slug)
      SELECT owner_id, gen_random_uuid(), published_at, id, published_version, published_title, slug
      FROM app.aides WHERE status = 'published'`);
    await db.query(`ALTER TABLE app.aides FORCE ROW LEVEL SECURITY`);

    await db.query(`SELECT app.protect('aide_publications')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.aide_publications`);
  }
}
