import type pg from 'pg';

/** Takes away what requests have added since an instant, so that the next run finds the same data. */
export async function cleanUp(superuser: pg.Client, since: string): Promise<void> {
  await superuser.query(
    `WITH gone AS (DELETE FROM app.messages WHERE created_at >= $1 RETURNING owner_id, conversation_id),
      counted AS (SELECT owner_id, conversation_id, count(*)::int AS n FROM gone GROUP BY 1, 2)
     UPDATE app.conversations c SET last_seq = last_seq - n, message_count = message_count - n, version = version - n,
       updated_at = created_at + interval '31 days'
     FROM counted WHERE c.owner_id = counted.owner_id AND c.id = counted.conversation_id`,
    [since],
  );
  await superuser.query(`DELETE FROM app.tasks WHERE created_at >= $1`, [since]);
  await superuser.query(`DELETE FROM app.audit_log WHERE created_at >= $1`, [since]);
  await superuser.query('VACUUM (ANALYZE) app.messages, app.conversations, app.tasks, app.audit_log');
}
