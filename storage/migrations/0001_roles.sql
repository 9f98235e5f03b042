-- two group roles: writer and reader
-- depends: 

-- migrate: apply

-- Two group roles besides the owner. Roles belong to the whole server, so another database may have made them already.
DO $roles$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['conexoes_writer', 'conexoes_reader'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;  -- an administrator made the roles; `conexoes doctor` checks that this login may use them
        END;
    END LOOP;
END
$roles$;

GRANT USAGE ON SCHEMA conexoes TO conexoes_writer, conexoes_reader;

-- migrate: rollback

REVOKE USAGE ON SCHEMA conexoes FROM conexoes_writer, conexoes_reader;
