import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Conversations1764000000005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.conversations (
      owner_id      text NOT NULL,
      id            uuid NOT NULL,
      created_at    timestamptz(3) NOT NULL DEFAULT now(),
      updated_at    timestamptz(3) NOT NULL DEFAULT now(),
      version       integer NOT NULL DEFAULT 1,
      aide_id       uuid,
      channel       text NOT NULL DEFAULT 'web',
      title         text,
      metadata      jsonb NOT NULL DEFAULT '{}',
      message_count integer NOT NULL DEFAULT 0,
      last_seq      integer NOT NULL DEFAULT 0,
      deleted_at    timestamptz(3),
      CONSTRAINT conversations_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT conversations_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT conversations_aide_id_fkey FOREIGN KEY (owner_id, aide_id) REFERENCES app.aides (owner_id, id),
      CONSTRAINT conversations_channel_check CHECK (channel IN ('web', 'signal')),
      CONSTRAINT conversations_title_check CHECK (char_length(title) <= 255),
      CONSTRAINT conversations_metadata_check
        CHECK (jsonb_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 16384),
      CONSTRAINT conversations_count_check CHECK (message_count BETWEEN 0 AND last_seq)
    )`);
    // GET /v1/conversations: by recency of update, the living ones
    await db.query(`CREATE INDEX conversations_recent_idx ON app.conversations (owner_id, updated_at, id)
      WHERE deleted_at IS NULL`);
    // GET /v1/conversations?aideId= and /latest; the foreign key's check when an aide is deleted
    await db.query(
      `CREATE INDEX conversations_aide_idx ON app.conversations (owner_id, aide_id, updated_at, id)`,
    );
    // GET /v1/conversations?deleted=true
    await db.query(`CREATE INDEX conversations_deleted_idx ON app.conversations (owner_id, updated_at, id)
      WHERE deleted_at IS NOT NULL`);
    // The purge, which has no owner
    await db.query(`CREATE INDEX conversations_purge_idx ON app.conversations (deleted_at)
      WHERE deleted_at IS NOT NULL`);
    await db.query(`SELECT app.protect('conversations',
      '{aide_id, title, metadata, message_count, last_seq, deleted_at, version, updated_at}', deletable => true)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.conversations`);
  }
}
