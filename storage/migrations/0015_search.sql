-- words in any script and names in any part, both made by the worker
-- depends: 0014_series

-- migrate: apply

-- Numbers of the words of all messages of the result: schemas.search.words. A result's words go with it, since a
-- selection is about the result that was shown at its time.
ALTER TABLE attempts ADD COLUMN words bigint[];
ALTER TABLE status_logs ALTER COLUMN words DROP EXPRESSION;
GRANT UPDATE (words) ON status_logs TO conexoes_writer;

DROP FUNCTION logs_with_words(text, text, integer);
DROP FUNCTION message_words(text, text, text);

-- Names are searched within one type, or within each: a name that is common in another type costs nothing. One row for
-- each log, written once, and again for a name that it did not have. The id is a hash of the account too.
CREATE TABLE log_names (
    log_id uuid PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    names text COLLATE "C" NOT NULL,         -- key and aliases as schemas.search.names folds and joins them
    grams integer[] NOT NULL                 -- numbers of their parts, likewise
);

COMMENT ON TABLE log_names IS
    'The names by which a log is found, without case and accents. Kept as long as its log; a trigger deletes them.';

-- Each search scans what is pending, 0.3 ms for a megabyte; with 512 kB as for words, new logs cost PostgreSQL an eighth more.
CREATE INDEX log_names_by_gram ON log_names USING gin (grams) WITH (gin_pending_list_limit = 2048);

GRANT SELECT, INSERT, UPDATE (names, grams) ON log_names TO conexoes_writer;
GRANT SELECT ON log_names TO conexoes_reader;
ALTER TABLE log_names ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON log_names TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON log_names FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

DROP TRIGGER keys_of_inserted ON status_logs;
DROP TRIGGER keys_of_deleted ON status_logs;
DROP FUNCTION keep_log_keys();
DROP TABLE log_keys;
DROP INDEX aliases_by_value;

CREATE FUNCTION forget_log_names() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    DELETE FROM log_names n USING old_logs o WHERE n.log_id = o.id;
    RETURN NULL;
END
$function$;

REVOKE ALL ON FUNCTION forget_log_names() FROM PUBLIC;

CREATE TRIGGER names_of_deleted AFTER DELETE ON status_logs REFERENCING OLD TABLE AS old_logs
    FOR EACH STATEMENT EXECUTE FUNCTION forget_log_names();

-- The three find logs of conexoes.account, up to `at_most`, in no order. They run as the owner, since behind row-level
-- security an index over an operator that is not leakproof is not used.

-- Logs that have all of these words in their messages.
CREATE FUNCTION logs_with_words(type text, words bigint[], at_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = conexoes, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $function$
    WITH found AS MATERIALIZED (
        SELECT s.id, s.account, s.integration_type
        FROM status_logs s
        WHERE s.words IS NOT NULL AND s.words @> logs_with_words.words
        LIMIT at_most
    )
    -- The words are those of one account and type, so conditions on these would exclude nothing above; they would only
    -- offer the planner other plans.
    SELECT id FROM found WHERE account = current_setting('conexoes.account', true) AND integration_type = type
$function$;

-- Logs one of whose names contains `part`; `grams` are its numbers.
CREATE FUNCTION logs_named(type text, part text, grams integer[], at_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = conexoes, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $function$
    SELECT n.log_id
    FROM log_names n
    WHERE n.grams @> logs_named.grams AND strpos(n.names, part) > 0
      AND n.account = current_setting('conexoes.account', true) AND n.integration_type = type
    LIMIT at_most
$function$;

-- Logs one of whose names is one of these; `grams` are the numbers of whole names.
CREATE FUNCTION logs_named_one_of(type text, names text[], grams integer[], at_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = conexoes, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $function$
    SELECT n.log_id
    FROM log_names n
    WHERE n.grams && logs_named_one_of.grams AND string_to_array(n.names, E'\n') && logs_named_one_of.names
      AND n.account = current_setting('conexoes.account', true) AND n.integration_type = type
    LIMIT at_most
$function$;

REVOKE ALL ON FUNCTION logs_with_words(text, bigint[], integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION logs_named(text, text, integer[], integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION logs_named_one_of(text, text[], integer[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION logs_with_words(text, bigint[], integer) TO conexoes_reader, conexoes_writer;
GRANT EXECUTE ON FUNCTION logs_named(text, text, integer[], integer) TO conexoes_reader, conexoes_writer;
GRANT EXECUTE ON FUNCTION logs_named_one_of(text, text[], integer[], integer) TO conexoes_reader, conexoes_writer;

-- Moves what is pending of words and names into their indexes, since each search scans it (0.25 ms for 40 pages). It
-- runs as the owner, as PostgreSQL requires. Returns the number of pages that were pending.
DROP FUNCTION index_words();
CREATE FUNCTION index_pending() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT gin_clean_pending_list('status_logs_by_word') + gin_clean_pending_list('log_names_by_gram')
$function$;

REVOKE ALL ON FUNCTION index_pending() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_pending() TO conexoes_writer;

-- migrate: rollback
