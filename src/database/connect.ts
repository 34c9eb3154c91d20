import pg from 'pg';
import { Failure } from '../config/failure.js';

const TIMEOUT = 10_000; // milliseconds

/**
 * Opens a connection.
 * @param variable the setting that holds the URL, for the error
 * @throws Failure naming the variable, the server and the reason, never the password
 */
export async function connect(url: string, variable: string): Promise<pg.Client> {
  if (!URL.canParse(url))
    throw new Failure(
      `${variable} must be a URL; special characters of its password must be percent-encoded`,
    );
  const { host, pathname, username } = new URL(url);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT });
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw new Failure(
      `${variable}: cannot connect to ${host}${pathname} as ${username || 'nobody'}: ${reason(error)}`,
    );
  }
}

/** Of several addresses that refused, the first; their collective error has no message. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
