import { Failure } from '../config/failure.js';
import { connect } from './connect.js';
import { SET_OWNER } from './owner-query.js';

const DUPLICATE_STATEMENT = '42P05';

/**
 * Refuses a pooler that gives connections to the server away between transactions without telling apart what each of its
 * clients has prepared under a name: statements of one process would run in the place of another's.
 */
export async function refuseMixedStatements(url: string): Promise<void> {
  const clients = [await connect(url, 'DATABASE_URL'), await connect(url, 'DATABASE_URL')];
  try {
    for (const client of clients) await client.query({ ...SET_OWNER, values: [''] });
  } catch (error) {
    if ((error as { code?: string }).code !== DUPLICATE_STATEMENT) throw error;
    throw new Failure(
      'DATABASE_URL leads to a pooler that mixes up prepared statements: PgBouncer must be 1.21 or newer, with ' +
        'max_prepared_statements above 0',
    );
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
