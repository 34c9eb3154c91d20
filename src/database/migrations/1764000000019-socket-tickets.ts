import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What opens a socket instead of a token, once and on any instance, for pages that cannot send a header. */
export class SocketTickets1764000000019 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE app.socket_tickets (
      owner_id         text NOT NULL,
      id               uuid NOT NULL,
      created_at       timestamptz(3) NOT NULL DEFAULT now(),
      ticket_hash      bytea NOT NULL,
      expires_at       timestamptz(3) NOT NULL,
      token_expires_at timestamptz(3) NOT NULL,
      CONSTRAINT socket_tickets_pkey PRIMARY KEY (owner_id, id),
      -- The look-up, which has no owner yet
      CONSTRAINT socket_tickets_hash_key UNIQUE (ticket_hash),
      CONSTRAINT socket_tickets_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app.users (id) ON DELETE CASCADE,
      CONSTRAINT socket_tickets_expires_at_check CHECK (expires_at <= created_at + interval '31 seconds')
    )`);
    // The purge, which has no owner
    await db.query(`CREATE INDEX socket_tickets_purge_idx ON app.socket_tickets (expires_at)`);
    await db.query(`SELECT app.protect('socket_tickets')`);
    // A ticket is as old as the clock of the database says.
    await db.query(`REVOKE INSERT ON app.socket_tickets FROM assistant_app`);
    await db.query(`GRANT INSERT (owner_id, id, ticket_hash, expires_at, token_expires_at)
      ON app.socket_tickets TO assistant_app`);

    // Both functions remove, and nothing else of a ticket is theirs.
    await db.query(`CREATE POLICY purge ON app.socket_tickets TO assistant_purge USING (true)`);
    await db.query(`GRANT SELECT (owner_id, ticket_hash, expires_at, token_expires_at), DELETE
      ON app.socket_tickets TO assistant_purge`);
    // Deleting is using up: of two who come with the same ticket, one gets the row.
    await db.query(`CREATE FUNCTION lookup.take_socket_ticket(hash bytea)
      RETURNS TABLE (owner text, token_expires_at timestamptz)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DELETE FROM app.socket_tickets t WHERE t.ticket_hash = hash AND t.expires_at > now()
        RETURNING t.owner_id, t.token_expires_at $$`);
    await give(db, 'lookup', 'take_socket_ticket(bytea)');
    await db.query(`CREATE FUNCTION app.purge_socket_tickets() RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$ DELETE FROM app.socket_tickets WHERE expires_at <= now() $$`);
    await give(db, 'app', 'purge_socket_tickets()');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP FUNCTION app.purge_socket_tickets()`);
    await db.query(`DROP FUNCTION lookup.take_socket_ticket(bytea)`);
    await db.query(`DROP TABLE app.socket_tickets`);
  }
}

async function give(db: QueryRunner, schema: string, signature: string): Promise<void> {
  await db.query(`GRANT CREATE ON SCHEMA ${schema} TO assistant_purge`);
  await db.query(`ALTER FUNCTION ${schema}.${signature} OWNER TO assistant_purge`);
  await db.query(`REVOKE CREATE ON SCHEMA ${schema} FROM assistant_purge`);
  await db.query(`GRANT EXECUTE ON FUNCTION ${schema}.${signature} TO assistant_app`);
}
