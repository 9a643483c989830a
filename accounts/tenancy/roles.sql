-- The five roles, once per cluster. May be run again: it brings every role back to what is written here.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['tl_owner', 'tl_migrate', 'tl_web', 'tl_maint', 'tl_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
END
$$;

-- Owns every object; nobody logs in as it.
ALTER ROLE tl_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT;
-- Deployments only: it has no right of its own until it says SET ROLE tl_owner (or tl_maint).
ALTER ROLE tl_migrate LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT;
-- Pages, API and tasks: member of nothing.
ALTER ROLE tl_web LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- Data migrations and jobs across tenants, by a policy of its own.
ALTER ROLE tl_maint NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- Owns the few functions that find something before the tenant is known.
ALTER ROLE tl_lookup NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

GRANT tl_owner, tl_maint TO tl_migrate;
-- A migration hands its look-up functions over: ALTER FUNCTION … OWNER TO tl_lookup.
GRANT tl_lookup TO tl_owner;

ALTER ROLE tl_web SET statement_timeout = '10s';
ALTER ROLE tl_web SET lock_timeout = '3s';
ALTER ROLE tl_web SET idle_in_transaction_session_timeout = '15s';
-- A generic plan sizes every tenant like the average one: 404 requests a second fell to 124.
ALTER ROLE tl_web SET plan_cache_mode = 'force_custom_plan';
ALTER ROLE tl_web SET jit = 'off';
