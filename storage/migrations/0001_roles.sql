-- roles, and what refuses to change
-- depends:

-- migrate: apply

-- The owner migrates. conexoes_writer is the agents and the write endpoints: it can't delete the audit, nor change what a
-- result said. conexoes_reader is the query API. Row-level security is the second wall after each query's own
-- `account = $1`: without the setting conexoes.account a reader sees no row at all, with it the rows of that account.
-- It is not FORCEd on the owner. Functions that count and forget for all accounts at once run as the owner, and its
-- pg_dump would refuse; and who owns a table can take that back. No process logs in as the owner: docs/postgres-security.md.
-- Roles belong to the whole server, so another database may have made them already.
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

-- On every table that is only ever added to: it refuses the owner too.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only added to', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$function$;

-- How old what may be forgotten is at least: no caller of a function that forgets can name less, or another time than now.
CREATE FUNCTION kept_for(retention_days integer) RETURNS interval LANGUAGE plpgsql IMMUTABLE AS $function$
BEGIN
    IF retention_days IS NULL OR retention_days < 1 THEN
        RAISE EXCEPTION 'retention_days must be at least 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN make_interval(days => retention_days);
END
$function$;

-- migrate: rollback
