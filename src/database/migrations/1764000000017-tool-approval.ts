import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which calls of its tools the owner of an aide wants to be asked about. */
export class ToolApproval1764000000017 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE app.aides ADD COLUMN tool_approval text NOT NULL DEFAULT 'none'
      CONSTRAINT aides_tool_approval_check CHECK (tool_approval IN ('none', 'destructive'))`);
    await db.query(`GRANT UPDATE (tool_approval) ON app.aides TO assistant_app`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE app.aides DROP COLUMN tool_approval`);
  }
}
