import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A proof of every finished tool call: its digest, chained to the owner's one before. */
export class ToolCallChain1764000000015 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // It has no key to the call: it outlives what is erased with its message, so that the rest stays proved.
    await db.query(`CREATE TABLE app.tool_call_chain (
      owner_id   text NOT NULL,
      id         uuid NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      position   integer NOT NULL,
      message_id uuid NOT NULL,
      digest     text NOT NULL,
      hash       text NOT NULL,
      CONSTRAINT tool_call_chain_pkey PRIMARY KEY (owner_id, id),
      -- GET /v1/tool-calls/chain, and the one chain of an owner
      CONSTRAINT tool_call_chain_position_key UNIQUE (owner_id, position),
      CONSTRAINT tool_call_chain_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT tool_call_chain_position_check CHECK (position >= 1),
      CONSTRAINT tool_call_chain_digest_check CHECK (digest ~ '^[0-9a-f]{64}$'),
      CONSTRAINT tool_call_chain_hash_check CHECK (hash ~ '^[0-9a-f]{64}$')
    )`);
    await chainFinished(db);
    await db.query(`SELECT app.protect('tool_call_chain')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE app.tool_call_chain`);
  }
}

interface Call {
  owner: string;
  id: string;
  messageId: string;
  call: object;
}

const PAGE = 200;
const TIME = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/**
 * Calls that were finished before, in the order of their ids, which is that of the key and nearly that of time: they are proved from
 * now on. The policies would hide them from the role that migrates, which is nobody's owner.
 */
async function chainFinished(db: QueryRunner): Promise<void> {
  await db.query(`ALTER TABLE app.tool_calls NO FORCE ROW LEVEL SECURITY`);
  let last: Call | undefined;
  let position = 0;
  let hash = '';
  for (let page = await finished(db); page.length > 0; page = await finished(db, last)) {
    const entries: unknown[][] = [[], [], [], [], [], []];
    for (const { owner, id, messageId, call } of page) {
      if (owner !== last?.owner) [position, hash] = [0, sha256(owner)];
      const digest = sha256(canonicalize(call)!);
      hash = sha256([hash, id, messageId, digest].join(':'));
      position += 1;
      [owner, id, messageId, position, digest, hash].forEach((value, i) => entries[i]!.push(value));
      last = { owner, id, messageId, call };
    }
    await db.query(
      `INSERT INTO app.tool_call_chain (owner_id, id, message_id, position, digest, hash)
       SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[])`,
      entries,
    );
  }
  await db.query(`ALTER TABLE app.tool_calls FORCE ROW LEVEL SECURITY`);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const finished = (db: QueryRunner, last?: Call): Promise<Call[]> =>
  db.query(
    `SELECT owner_id AS owner, id, message_id AS "messageId", jsonb_build_object('id', id,
       'createdAt', to_char(created_at AT TIME ZONE 'UTC', ${TIME}), 'conversationId', conversation_id,
       'messageId', message_id, 'toolName', tool_name, 'parameters', parameters, 'status', status, 'result', result,
       'durationMs', duration_ms, 'finishedAt', to_char(finished_at AT TIME ZONE 'UTC', ${TIME})) AS call
     FROM app.tool_calls WHERE status <> 'pending' ${last ? 'AND (owner_id, id) > ($1, $2::uuid)' : ''}
     ORDER BY owner_id, id LIMIT ${PAGE}`,
    last && [last.owner, last.id],
  ) as Promise<Call[]>;
