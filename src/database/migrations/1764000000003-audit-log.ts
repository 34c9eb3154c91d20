import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AuditLog1764000000003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.audit_log (
      owner_id   text NOT NULL,
      id         uuid NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      action     text NOT NULL,
      entity     text NOT NULL,
      entity_id  uuid,
      request_id text,
      CONSTRAINT audit_log_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT audit_log_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE
    )`);
    // GET /v1/audit-log: newest first
    await db.query(`CREATE INDEX audit_log_newest_idx ON app.audit_log (owner_id, created_at, id)`);
    await db.query(`SELECT app.protect('audit_log')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.audit_log`);
  }
}
