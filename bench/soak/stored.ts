import type { Kind, Known, Owner, Thing } from './owner.ts';

/** Reads as a superuser. */
export type Read = <Row extends object>(sql: string, values: unknown[]) => Promise<Row[]>;

interface Row {
  owner: string;
  text: string;
  living: boolean;
  version: number;
}

const ROWS: Record<Kind, string> = {
  tasks: `SELECT owner_id AS owner, title AS text, TRUE AS living, version FROM app.tasks WHERE owner_id = ANY($1)`,
  conversations: `SELECT owner_id AS owner, title AS text, deleted_at IS NULL AS living, version FROM app.conversations WHERE owner_id = ANY($1)`,
  messages: `SELECT owner_id AS owner, content AS text, deleted_at IS NULL AS living, 1 AS version FROM app.messages WHERE owner_id = ANY($1)`,
};

/** Conversations whose counters are not what their messages are, or whose order has a gap or a double. */
const MISCOUNTED = `SELECT c.id FROM app.conversations c, LATERAL (
    SELECT count(*) AS rows, count(DISTINCT seq) AS places, coalesce(max(seq), 0) AS last,
      count(*) FILTER (WHERE m.deleted_at IS NULL) AS living
    FROM app.messages m WHERE m.owner_id = c.owner_id AND m.conversation_id = c.id) m
  WHERE c.owner_id = ANY($1) AND (m.living <> c.message_count OR (m.rows, m.places, m.last) <> (c.last_seq, c.last_seq, c.last_seq))`;

/**
 * Compares what is stored with what its owners were told, when the service has stopped and nothing changes any more.
 * @returns what is lost, half there, back from the dead, another owner's, or there without having been asked for
 */
export async function compareStored(owners: Owner[], read: Read): Promise<string[]> {
  const names = owners.map(({ name }) => name);
  const found: Row[] = [];
  for (const sql of Object.values(ROWS)) found.push(...(await read<Row>(sql, [names])));
  const byNote = Map.groupBy(found, ({ owner, text }) => `${owner} ${/^mark-\w+ #\d+ /.exec(text)?.[0]}`);
  const defects: string[] = [];
  for (const { name, things } of owners)
    for (const thing of things) {
      const note = `${name} ${thing.note}`;
      defects.push(...defectsOf(thing, byNote.get(note) ?? []));
      byNote.delete(note);
    }
  const miscounted = await read<{ id: string }>(MISCOUNTED, [names]);
  return [
    ...defects,
    ...[...byNote.keys()].map((note) => `never asked for: ${note}`),
    ...miscounted.map(({ id }) => `the counters of conversation ${id}`),
  ];
}

function defectsOf(thing: Thing, rows: Row[]): string[] {
  const { note, kind, copies, living, changes } = thing;
  const defect = (what: string) => [`${kind} ${note}: ${what}`];
  if (rows.length !== 0 && rows.length !== copies) return defect(`${rows.length} rows of ${copies}`);
  if (!agrees(rowOf(thing), rows.length > 0)) return defect(rows.length > 0 ? 'is there' : 'is lost');
  if (rows.some((row) => !agrees(living, row.living)))
    return defect(living === 'yes' ? 'is deleted' : 'is not deleted');
  const version = rows[0]?.version ?? 0;
  const least = 1 + changes.done;
  if (kind === 'tasks' && rows.length > 0 && (version < least || version > least + changes.unknown))
    return defect(`version ${version} after ${changes.done} changes`);
  return [];
}

/** A message goes with its conversation. */
function rowOf({ row, parent }: Thing): Known {
  if (!parent || row === 'no' || parent.row === 'yes') return row;
  return parent.row;
}

const agrees = (known: Known, is: boolean) => known === 'maybe' || (known === 'yes') === is;
