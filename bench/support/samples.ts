import type pg from 'pg';
import { Random } from './random.ts';

export interface Row {
  owner: string;
  id: string;
}

const QUERIES = {
  users: `SELECT id AS owner, id FROM app.users`,
  /** Of owners that may make any number of them. */
  aides: `SELECT owner_id AS owner, a.id FROM app.aides a JOIN app.users u ON u.id = a.owner_id WHERE tier = 'pro'`,
  /** With 250 events. */
  logged: `SELECT owner_id AS owner, id FROM app.aides WHERE state_version = 250`,
  /** The aide of each is `aide`. */
  conversations: `SELECT owner_id AS owner, id, aide_id AS aide FROM app.conversations
    WHERE deleted_at IS NULL AND aide_id IS NOT NULL AND message_count >= 100`,
  /** Half of their messages are deleted, every second one. */
  thinned: `SELECT owner_id AS owner, id FROM app.conversations
    WHERE deleted_at IS NULL AND message_count BETWEEN 50 AND last_seq / 2`,
  messages: `SELECT m.owner_id AS owner, m.id FROM app.messages m TABLESAMPLE SYSTEM (5) REPEATABLE (1)
    JOIN app.conversations c ON c.owner_id = m.owner_id AND c.id = m.conversation_id
    WHERE m.deleted_at IS NULL AND c.deleted_at IS NULL LIMIT 5000`,
  /** With a message that its owner can see; \`message\` and \`conversation\` are theirs. */
  calls: `SELECT t.owner_id AS owner, t.id, t.message_id AS message, t.conversation_id AS conversation FROM app.tool_calls t
    JOIN app.messages m ON m.owner_id = t.owner_id AND m.id = t.message_id
    JOIN app.conversations c ON c.owner_id = t.owner_id AND c.id = t.conversation_id
    WHERE m.deleted_at IS NULL AND c.deleted_at IS NULL ORDER BY md5(t.id::text) LIMIT 5000`,
  /** Of conversations that are not in the bin. */
  turns: `SELECT t.owner_id AS owner, t.id, t.conversation_id AS conversation FROM app.runs t
    JOIN app.conversations c ON c.owner_id = t.owner_id AND c.id = t.conversation_id
    WHERE c.deleted_at IS NULL ORDER BY md5(t.id::text) LIMIT 5000`,
  tasks: `SELECT owner_id AS owner, id FROM app.tasks ORDER BY md5(id::text) LIMIT 5000`,
  mappings: `SELECT owner_id AS owner, id, aide_id AS aide, phone_number AS phone FROM app.signal_mappings
    WHERE verified_at IS NOT NULL`,
  /** Of the owner with more numbers than any other. */
  numbers: `SELECT owner_id AS owner, id, aide_id AS aide FROM app.signal_mappings
    WHERE owner_id = (SELECT owner_id FROM app.signal_mappings GROUP BY owner_id ORDER BY count(*) DESC LIMIT 1)`,
  published: `SELECT owner_id AS owner, slug AS id, id AS aide FROM app.aides WHERE status = 'published'`,
};

type Rows = {
  [Name in keyof typeof QUERIES]: Row &
    Partial<Record<'aide' | 'message' | 'conversation' | 'phone', string>>;
};

/** Rows of random owners, picked with equal chance and in the same order in every run. */
export class Samples {
  private readonly rows: { [Name in keyof Rows]: Rows[Name][] };
  private readonly random = new Random(20_261_122);

  private constructor(rows: Samples['rows']) {
    this.rows = rows;
  }

  static async read(superuser: pg.Client): Promise<Samples> {
    const rows: Partial<Record<keyof Rows, Row[]>> = {};
    for (const [name, sql] of Object.entries(QUERIES))
      rows[name as keyof Rows] = (await superuser.query<Row>(sql)).rows;
    return new Samples(rows as Samples['rows']);
  }

  pick<Name extends keyof Rows>(name: Name): Rows[Name] {
    return this.random.pick(this.rows[name]);
  }
}
