import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Users1764000000002 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.users (
      id         text NOT NULL,
      tier       text NOT NULL DEFAULT 'free',
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      updated_at timestamptz(3) NOT NULL DEFAULT now(),
      CONSTRAINT users_pkey PRIMARY KEY (id),
      CONSTRAINT users_id_check CHECK (octet_length(id) BETWEEN 1 AND 255),
      CONSTRAINT users_tier_check CHECK (tier IN ('free', 'pro'))
    )`);
    // DELETE is erasure: everything of the owner goes by cascade.
    await db.query(
      `SELECT app.protect('users', '{tier, updated_at}', deletable => true, owner_column => 'id')`,
    );
    // Everybody starts with the tier of the default.
    await db.query(`REVOKE INSERT ON app.users FROM assistant_app`);
    await db.query(`GRANT INSERT (id) ON app.users TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.users`);
  }
}
