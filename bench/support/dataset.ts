/** Per owner: 40 conversations of 125 messages. */
export const MESSAGES_PER_OWNER = 5000;

/** UUIDv7 of an instant; the rest follows from the key, so rows can refer to each other before they exist. */
const FUNCTIONS = [
  `CREATE FUNCTION pg_temp.made(key text, at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN (
    lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(key), 1, 3)
    || '8' || substr(md5(key), 4, 15))::uuid`,
  // A number from 0 to below 1 that follows from the key.
  `CREATE FUNCTION pg_temp.chance(key text) RETURNS float8 LANGUAGE sql IMMUTABLE
    RETURN ('x' || substr(md5(key), 25, 7))::bit(28)::int / 268435456.0`,
  `CREATE FUNCTION pg_temp.instant(at timestamptz) RETURNS text LANGUAGE sql STABLE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  `CREATE FUNCTION pg_temp.prose(key text, longest int) RETURNS text LANGUAGE sql IMMUTABLE RETURN left(
    repeat('The quick brown fox jumps over the lazy dog, and then it asks when to travel to Lisbon. ', 12),
    20 + (pg_temp.chance(key) * longest)::int)`,
];

/** Owners are `n`, their aides `a` with so many `events`, conversations `c`, messages `m`; a quarter of the owners is
 * pro, and the first one has 360 phone numbers, more than any other. */
const NAMES = [
  `CREATE TEMP TABLE n AS SELECT n, format('bench|owner-%s', lpad(n::text, 4, '0')) AS owner, n % 4 = 1 AS pro
    FROM generate_series(1, $OWNERS) n`,
  `CREATE TEMP TABLE a AS SELECT n, owner, k, at, pg_temp.made(format('aide %s %s', n, k), at) AS id,
      CASE WHEN k % 6 = 0 THEN 250 ELSE 20 END AS events
    FROM n, generate_series(1, CASE WHEN pro THEN 60 ELSE 6 END) k,
      LATERAL (SELECT now() - interval '400 days' + k * interval '1 hour' + n * interval '1 second' AS at)`,
  `CREATE TEMP TABLE c AS SELECT n, owner, k, at, pg_temp.made(format('conversation %s %s', n, k), at) AS id,
      k % 10 = 0 AS thinned, CASE WHEN k % 20 = 7 THEN now() - pg_temp.chance(owner || k) * interval '30 days' END AS gone,
      CASE WHEN k % 4 > 0 THEN 1 + k % (CASE WHEN pro THEN 60 ELSE 6 END) END AS aide
    FROM n, generate_series(1, 40) k,
      LATERAL (SELECT now() - interval '370 days' + pg_temp.chance(n || ' ' || k) * interval '330 days' AS at)`,
  `CREATE TEMP TABLE m AS SELECT c.n, owner, c.k, c.id AS conversation, seq, format('%s %s %s', n, k, seq) AS key,
      at + seq * interval '6 hours' AS at, seq % 2 = 0 AND seq % 10 = 0 AS calls,
      thinned AND seq % 2 = 1 AS deleted
    FROM c, generate_series(1, 125) seq`,
];

/** Rows go in by time, as in life: those of one owner or conversation lie far apart on the disk. */
const TABLES: Record<string, string> = {
  users: `INSERT INTO app.users (id, tier) SELECT owner, CASE WHEN pro THEN 'pro' ELSE 'free' END FROM n`,
  aides: `INSERT INTO app.aides (owner_id, id, created_at, updated_at, version, title, status, slug, state,
      state_version, published_at, published_version, published_title, published_state)
    SELECT owner, id, at, at + pg_temp.chance(id::text) * interval '300 days', events, 'Aide ' || k, status,
      CASE WHEN p THEN format('aide-%s-%s', n, k) END, state || jsonb_build_object('count', events), events,
      CASE WHEN p THEN at END, CASE WHEN p THEN 1 END,
      CASE WHEN p THEN 'Aide ' || k END, CASE WHEN p THEN state END
    FROM a, LATERAL (SELECT (ARRAY['archived', 'published', 'draft'])[1 + k % 3] AS status) s,
      LATERAL (SELECT status = 'published' AS p, jsonb_build_object('tone', 'friendly', 'note', pg_temp.prose(id::text, 400)) AS state) d
    ORDER BY at`,
  aide_events: `INSERT INTO app.aide_events (owner_id, id, created_at, aide_id, version, type, operations, actor, channel, state)
    SELECT owner, pg_temp.made(format('event %s %s', id, v), e.at), e.at, id, v, CASE WHEN v = 1 THEN 'created' ELSE 'counted' END,
      jsonb_build_array(CASE WHEN v = 1 THEN jsonb_build_object('op', 'add', 'path', '', 'value', first.state)
        ELSE jsonb_build_object('op', 'add', 'path', '/count', 'value', v) END), 'owner', 'web',
      CASE WHEN v % 100 = 0 THEN first.state || jsonb_build_object('count', v) END
    FROM a JOIN LATERAL (SELECT state - 'count' AS state FROM app.aides t WHERE t.owner_id = a.owner AND t.id = a.id) first ON true,
      generate_series(1, events) v, LATERAL (SELECT a.at + v * interval '7 hours' - interval '7 hours' AS at) e ORDER BY e.at`,
  aide_publications: `INSERT INTO app.aide_publications (owner_id, id, created_at, aide_id, version, title, slug)
    SELECT owner_id, pg_temp.made(format('publication %s %s', id, v), created_at), created_at, id, v,
      published_title, slug
    FROM app.aides, generate_series(1, 100) v WHERE status = 'published' ORDER BY created_at`,
  conversations: `INSERT INTO app.conversations (owner_id, id, created_at, updated_at, version, aide_id, channel, title,
      metadata, message_count, last_seq, deleted_at)
    SELECT c.owner, c.id, c.at, coalesce(gone, c.at + interval '31 days'), 126, a.id,
      CASE WHEN c.k % 5 = 0 THEN 'signal' ELSE 'web' END, CASE WHEN c.k % 8 > 0 THEN 'Conversation ' || c.k END,
      '{"colour": "blue"}', CASE WHEN thinned THEN 62 ELSE 125 END, 125, gone
    FROM c LEFT JOIN a ON a.n = c.n AND a.k = c.aide ORDER BY c.at`,
  messages: `INSERT INTO app.messages (owner_id, id, created_at, conversation_id, seq, role, content, metadata, tokens_used,
      parent_id, has_tool_calls, deleted_at, idempotency_key, request_hash)
    SELECT owner, pg_temp.made(key, at), at, conversation, seq,
      CASE WHEN seq = 1 THEN 'system' WHEN seq % 2 = 0 THEN 'assistant' ELSE 'user' END, pg_temp.prose(key, 500),
      CASE WHEN seq % 4 = 0 THEN '{"model": "small"}' ELSE '{}' END::jsonb, CASE WHEN seq % 2 = 0 THEN 20 + seq END,
      CASE WHEN seq % 20 = 0 THEN pg_temp.made(format('%s %s %s', n, k, seq - 1), at - interval '6 hours') END, calls,
      CASE WHEN deleted THEN now() - pg_temp.chance(key) * interval '30 days' END,
      CASE WHEN seq % 10 = 1 THEN md5(key) END, CASE WHEN seq % 10 = 1 THEN sha256(key::bytea) END
    FROM m ORDER BY at`,
  tool_calls: `INSERT INTO app.tool_calls (owner_id, id, created_at, conversation_id, message_id, tool_name, parameters, status,
      result, duration_ms, finished_at)
    SELECT owner, pg_temp.made(key || ' call ' || i, at), at, conversation, pg_temp.made(key, at),
      (ARRAY['add_task', 'list_tasks', 'complete_task'])[i + seq % 2], '{"title": "Buy milk"}',
      CASE WHEN open THEN 'pending' ELSE 'success' END, CASE WHEN NOT open THEN '{"done": true}'::jsonb END,
      CASE WHEN NOT open THEN 12 END, CASE WHEN NOT open THEN at END
    FROM m, generate_series(1, CASE WHEN seq = 120 AND k % 2 = 0 THEN 2 ELSE 1 END) i,
      LATERAL (SELECT pg_temp.chance(key || 'pending') < 0.02 AS open) WHERE calls ORDER BY at`,
  tool_call_chain: `INSERT INTO app.tool_call_chain (owner_id, id, created_at, position, message_id, digest, hash)
    WITH RECURSIVE calls AS MATERIALIZED (
      SELECT owner_id, id, finished_at, message_id, row_number() OVER (PARTITION BY owner_id ORDER BY finished_at, id)::int AS position,
        encode(sha256(convert_to(format('{"conversationId":"%s","createdAt":"%s","durationMs":12,"finishedAt":"%s","id":"%s",'
          '"messageId":"%s","parameters":{"title":"Buy milk"},"result":{"done":true},"status":"success","toolName":"%s"}',
          conversation_id, pg_temp.instant(created_at), pg_temp.instant(finished_at), id, message_id, tool_name), 'UTF8')), 'hex') AS digest
      FROM app.tool_calls WHERE status <> 'pending'),
    chain AS (
      SELECT id AS owner_id, 0 AS position, encode(sha256(convert_to(id, 'UTF8')), 'hex') AS hash FROM app.users
      UNION ALL SELECT calls.owner_id, calls.position,
        encode(sha256(convert_to(concat_ws(':', hash, calls.id::text, message_id::text, digest), 'UTF8')), 'hex')
      FROM chain JOIN calls ON calls.owner_id = chain.owner_id AND calls.position = chain.position + 1)
    SELECT owner_id, id, finished_at, position, message_id, digest, hash FROM calls JOIN chain USING (owner_id, position)
    ORDER BY finished_at, id`,
  runs: `INSERT INTO app.runs (owner_id, id, created_at, updated_at, conversation_id, user_message_id, answer_id,
      client_message_id, trigger, status, chunk_count, steps, tokens, reserved_tokens)
    SELECT owner, id, at, at, conversation, pg_temp.made(key, at), id, substr(md5(key), 1, 16), 'submit',
      CASE WHEN seq = 123 AND pg_temp.chance(key) < 0.1 THEN 'waiting' ELSE 'finished' END, 4, 1, 300, 0
    FROM m, LATERAL (SELECT pg_temp.made('turn ' || key, at) AS id) turn WHERE seq % 10 = 3 ORDER BY at`,
  // They are purged after a day.
  run_chunks: `INSERT INTO app.run_chunks (owner_id, run_id, seq, chunks)
    SELECT owner_id, id, seq, jsonb_build_array(CASE WHEN seq < 3
      THEN jsonb_build_object('type', 'text-delta', 'id', 'text', 'delta', pg_temp.prose(id || ' ' || seq, 100))
      ELSE '{"type": "finish"}' END)
    FROM app.runs, generate_series(0, 3) seq WHERE pg_temp.chance(id::text) < 0.1`,
  tasks: `INSERT INTO app.tasks (owner_id, id, created_at, updated_at, title, description, completed_at, priority, due_date)
    SELECT owner, pg_temp.made(key, at), at, at, 'Task ' || k, CASE WHEN k % 2 = 0 THEN pg_temp.prose(key, 300) END,
      CASE WHEN pg_temp.chance(key || 'done') < 0.6 THEN at + interval '3 days' END,
      (ARRAY['medium', 'medium', 'high', 'low'])[1 + k % 4],
      CASE WHEN pg_temp.chance(key || 'due') < 0.7 THEN at + pg_temp.chance(key || 'when') * interval '90 days' END
    FROM n, generate_series(1, 500) k, LATERAL (SELECT format('task %s %s', n, k) AS key,
      now() - pg_temp.chance(format('task %s %s', n, k)) * interval '365 days' AS at) ORDER BY at`,
  signal_mappings: `INSERT INTO app.signal_mappings (owner_id, id, created_at, updated_at, phone_number, aide_id, conversation_id,
      verified_at)
    SELECT c.owner, pg_temp.made(c.id || ' phone ' || i, s.at), s.at, s.at,
      format('+4915%s%s%s', lpad(i::text, 3, '0'), lpad(c.n::text, 3, '0'), lpad(c.k::text, 2, '0')), a.id, c.id,
      CASE WHEN c.k % 3 > 0 THEN s.at END
    FROM c JOIN a ON a.n = c.n AND a.k = c.aide, generate_series(1, CASE WHEN c.n = 1 THEN 60 ELSE 1 END) i,
      LATERAL (SELECT c.at + i * interval '1 minute' AS at) s WHERE c.k % 5 = 0 AND c.gone IS NULL ORDER BY s.at`,
  // An owner has at most ten within an hour, and they are purged behind it.
  pairing_codes: `INSERT INTO app.pairing_codes (owner_id, id, created_at, mapping_id, code_hash, expires_at, tries)
    SELECT owner_id, pg_temp.made('code ' || id, at), at, id, sha256(('code ' || id)::bytea), at + interval '15 minutes', 3
    FROM (SELECT owner_id, id, row_number() OVER (PARTITION BY owner_id ORDER BY id) AS place FROM app.signal_mappings
        WHERE verified_at IS NULL) m,
      LATERAL (SELECT now() - interval '1 hour' - pg_temp.chance('code ' || id) * interval '1 hour' AS at) c
    WHERE place <= 10 ORDER BY at`,
  idempotency_keys: `INSERT INTO app.idempotency_keys (owner_id, id, created_at, key, request_hash, answer)
    SELECT owner, pg_temp.made(key, at), at, md5(key), sha256(key::bytea), '{"title": "Buy milk"}'
    FROM n, generate_series(1, 100) k, LATERAL (SELECT format('key %s %s', n, k) AS key,
      now() - pg_temp.chance(format('key %s %s', n, k)) * interval '50 hours' AS at) ORDER BY at`,
  rate_limits: `INSERT INTO app.rate_limits (subject, used, resets_at)
    SELECT sha256(format('subject %s %s', n, k)::bytea), k, now() + interval '1 year' FROM n, generate_series(1, 20) k`,
  audit_log: `INSERT INTO app.audit_log (owner_id, id, created_at, action, entity, entity_id, request_id)
    SELECT owner, pg_temp.made(key, at), at, (ARRAY['create', 'update', 'delete'])[1 + k % 3], 'task', pg_temp.made(key || 'row', at),
      'bench-' || md5(key)
    FROM n, generate_series(1, 300) k, LATERAL (SELECT format('audit %s %s', n, k) AS key,
      now() - pg_temp.chance(format('audit %s %s', n, k)) * interval '365 days' AS at) ORDER BY at`,
};

/** The statements that fill a migrated, empty database, as superuser in one session, and what each is for. */
export function datasetStatements(messages: number): [name: string, sql: string][] {
  const preparation = [...FUNCTIONS, ...NAMES].map((sql): [string, string] => [
    'preparation',
    sql.replace('$OWNERS', String(messages / MESSAGES_PER_OWNER)),
  ]);
  return [...preparation, ...Object.entries(TABLES)];
}
