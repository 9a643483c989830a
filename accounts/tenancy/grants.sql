-- What the roles may do inside the product's database. May be run again.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO tl_owner;
GRANT USAGE ON SCHEMA public TO tl_web, tl_maint, tl_lookup;

-- Look-up functions live apart, so that what may pass the wall can be read in one place.
CREATE SCHEMA IF NOT EXISTS gate AUTHORIZATION tl_owner;
REVOKE ALL ON SCHEMA gate FROM PUBLIC;
GRANT USAGE ON SCHEMA gate TO tl_web, tl_maint;
-- A new owner of a function needs CREATE on the function's schema.
GRANT USAGE, CREATE ON SCHEMA gate TO tl_lookup;

-- Never TRUNCATE, REFERENCES or TRIGGER.
ALTER DEFAULT PRIVILEGES FOR ROLE tl_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tl_web, tl_maint;
ALTER DEFAULT PRIVILEGES FOR ROLE tl_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO tl_web, tl_maint;
ALTER DEFAULT PRIVILEGES FOR ROLE tl_owner REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE tl_owner IN SCHEMA public GRANT EXECUTE ON ROUTINES TO tl_web, tl_maint;
ALTER DEFAULT PRIVILEGES FOR ROLE tl_owner IN SCHEMA gate GRANT EXECUTE ON ROUTINES TO tl_web, tl_maint;
