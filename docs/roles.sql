-- What an administrator of a PostgreSQL server (15 or newer) prepares, once, for this service. Safe to repeat.
--
--   psql -d postgres -v owner_password=… -v app_password=… [-v app_login=assistant_login] [-v database=assistant] \
--     -f docs/roles.sql
--
-- Afterwards, none of these roles being a superuser or able to pass row-level security:
--   MIGRATION_DATABASE_URL=postgres://assistant_owner:…@host:5432/assistant
--   DATABASE_URL=postgres://assistant_login:…@host:5432/assistant

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\if :{?owner_password} \else
  DO $$ BEGIN RAISE 'owner_password must be given with -v'; END $$;
\endif
\if :{?app_password} \else
  DO $$ BEGIN RAISE 'app_password must be given with -v'; END $$;
\endif
\if :{?app_login} \else \set app_login assistant_login \endif
\if :{?database} \else \set database assistant \endif

-- Groups: what the app may do, and whom the look-ups, the purge and the pairing run as. Nobody logs in as one of them.
SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['assistant_app', 'assistant_lookup', 'assistant_purge', 'assistant_pairing']) AS name
WHERE to_regrole(name) IS NULL \gexec
ALTER ROLE assistant_app    NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
ALTER ROLE assistant_lookup NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
ALTER ROLE assistant_purge  NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
ALTER ROLE assistant_pairing NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;

-- The role of the migrations: owns the database and the schema, and gives functions to those roles.
SELECT 'CREATE ROLE assistant_owner' WHERE to_regrole('assistant_owner') IS NULL \gexec
ALTER ROLE assistant_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
GRANT assistant_lookup, assistant_purge, assistant_pairing TO assistant_owner;

-- The app's login. A statement, a wait for a lock, an idle transaction and a whole one all end on their own.
SELECT format('CREATE ROLE %I', :'app_login') WHERE NOT EXISTS (
  SELECT FROM pg_roles WHERE rolname = :'app_login') \gexec
ALTER ROLE :"app_login" LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
GRANT assistant_app TO :"app_login";
ALTER ROLE :"app_login" SET statement_timeout = '5s';
ALTER ROLE :"app_login" SET lock_timeout = '2s';
ALTER ROLE :"app_login" SET idle_in_transaction_session_timeout = '10s';
SELECT current_setting('server_version_num')::int >= 170000 AS has_transaction_timeout \gset
\if :has_transaction_timeout
  ALTER ROLE :"app_login" SET transaction_timeout = '10s';
\endif
ALTER ROLE :"app_login" SET timezone = 'UTC';
ALTER ROLE :"app_login" SET random_page_cost = '1.1';

SELECT format('CREATE DATABASE %I OWNER assistant_owner ENCODING UTF8 TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app_login";
