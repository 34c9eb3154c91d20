import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Tasks1764000000007 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.tasks (
      owner_id     text NOT NULL,
      id           uuid NOT NULL,
      created_at   timestamptz(3) NOT NULL DEFAULT now(),
      updated_at   timestamptz(3) NOT NULL DEFAULT now(),
      version      integer NOT NULL DEFAULT 1,
      title        text NOT NULL,
      description  text,
      completed_at timestamptz(3),
      priority     text NOT NULL DEFAULT 'medium',
      due_date     timestamptz(3),
      CONSTRAINT tasks_pkey PRIMARY KEY (owner_id, id),
      CONSTRAINT tasks_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT tasks_title_check CHECK (char_length(title) BETWEEN 1 AND 255),
      CONSTRAINT tasks_description_check CHECK (char_length(description) <= 2000),
      CONSTRAINT tasks_priority_check CHECK (priority IN ('high', 'medium', 'low'))
    )`);
    await db.query(`CREATE FUNCTION app.priority_rank(priority text) RETURNS integer
      LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN CASE priority WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END`);
    await db.query(`GRANT EXECUTE ON FUNCTION app.priority_rank(text) TO assistant_app`);
    // GET /v1/tasks, newest first
    await db.query(`CREATE INDEX tasks_newest_idx ON app.tasks (owner_id, created_at, id)`);
    // GET /v1/tasks?sort=dueDate, the undated last; dueBefore and dueAfter. CASE and not coalesce(), which PostgreSQL does
    // not take for leakproof: under row-level security it would filter rows and never bound the index.
    await db.query(`CREATE INDEX tasks_due_idx ON app.tasks
      (owner_id, (CASE WHEN due_date IS NULL THEN 'infinity'::timestamptz ELSE due_date END), id)`);
    // GET /v1/tasks?sort=priority
    await db.query(
      `CREATE INDEX tasks_priority_idx ON app.tasks (owner_id, (app.priority_rank(priority)), id)`,
    );
    await db.query(`SELECT app.protect('tasks',
      '{title, description, completed_at, priority, due_date, version, updated_at}', deletable => true)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.tasks`);
    await db.query(`DROP FUNCTION app.priority_rank(text)`);
  }
}
