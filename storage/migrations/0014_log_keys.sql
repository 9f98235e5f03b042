-- what storing a result costs: keys apart from what changes with each result, shorter keys of facets, counts in place
-- depends: 0013_words

-- migrate: apply

-- Writes status_logs and its indexes anew, some minutes for ten million logs, with as much room on the disk again and as
-- much log; nothing else can use it meanwhile. Rather not now than with everybody waiting behind us for an export to end.
SET LOCAL lock_timeout = '10s';
SET LOCAL maintenance_work_mem = '256MB';
-- All of them now: who waits for one meanwhile, with another in hand, would end minutes of work by a deadlock.
LOCK TABLE status_logs, facets, log_changes, log_hours, log_days;

-- The key that each log is found by. It never changes, and stands apart since an index of status_logs takes another
-- entry each time that anything of a log changes.
CREATE TABLE log_keys (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    PRIMARY KEY (account, integration_type, key, log_id)
);

INSERT INTO log_keys SELECT account, integration_type, key, id FROM status_logs ORDER BY 1, 2, 3, 4;
DROP INDEX status_logs_by_key;

-- As in 0007, but what has become empty is known from adding up: an index of it would have every change of a count be a
-- new row with new entries in the indexes.
CREATE OR REPLACE FUNCTION compact_log_changes(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    taken integer;
    empty_hours log_hours[];
    empty_days log_days[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.compact_log_changes')) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM log_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM log_changes LIMIT at_most))
        RETURNING *
    ),
    hours AS (
        INSERT INTO log_hours AS h
        SELECT account, integration_type, hour, facet_id, sum(logs) FROM gone
        GROUP BY 1, 2, 3, 4 HAVING sum(logs) <> 0 ORDER BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, hour, facet_id) DO UPDATE SET logs = h.logs + excluded.logs
        RETURNING h.*
    ),
    days AS (
        INSERT INTO log_days AS d
        SELECT account, integration_type, date_trunc('day', hour, 'UTC'), facet_id, sum(logs) FROM gone
        GROUP BY 1, 2, 3, 4 HAVING sum(logs) <> 0 ORDER BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, day, facet_id) DO UPDATE SET logs = d.logs + excluded.logs
        RETURNING d.*
    )
    SELECT
        (SELECT count(*) FROM gone),
        ARRAY(SELECT hours::log_hours FROM hours WHERE logs = 0),
        ARRAY(SELECT days::log_days FROM days WHERE logs = 0)
    INTO taken, empty_hours, empty_days;
    DELETE FROM log_hours h USING unnest(empty_hours) AS e
    WHERE h.account = e.account AND h.integration_type = e.integration_type AND h.hour = e.hour AND h.facet_id = e.facet_id;
    DELETE FROM log_days d USING unnest(empty_days) AS e
    WHERE d.account = e.account AND d.integration_type = e.integration_type AND d.day = e.day AND d.facet_id = e.facet_id;
    RETURN taken;
END
$function$;

DROP INDEX log_hours_empty, log_days_empty;
-- Room for the next versions of a row beside it. Before the counts are written anew below.
ALTER TABLE log_hours SET (fillfactor = 70);
ALTER TABLE log_days SET (fillfactor = 70);

-- As in 0007, with the account among what the id is told from, so that the index begins with what differs.
ALTER TABLE status_logs DROP COLUMN facet_id;
ALTER TABLE status_logs ADD COLUMN facet_id uuid NOT NULL GENERATED ALWAYS AS (
    md5(
        account || chr(31) || integration_type || chr(31) || affiliate || chr(31) || status
        || chr(31) || coalesce(reprocess_state, '') || chr(31) || coalesce(fingerprint, '') || coalesce(chr(31) || code, '')
    )::uuid
) STORED;
-- The account is in it for those who ask by account, as everybody must: it says nothing more.
CREATE INDEX status_logs_by_facet ON status_logs (facet_id, account, processed_at DESC, id DESC);
TRUNCATE facets, log_changes, log_hours, log_days;
SELECT recount_logs();
ANALYZE facets, log_days, log_hours;

-- What happened to logs since some time. Where it says nothing of a part of the table yet, that part is read: vacuum
-- sees to it.
CREATE INDEX status_logs_by_update ON status_logs USING brin (updated_at) WITH (pages_per_range = 32);

-- Whoever writes a log.
CREATE FUNCTION keep_log_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO log_keys SELECT account, integration_type, key, id FROM new_logs ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM log_keys k USING old_logs o
        WHERE k.account = o.account AND k.integration_type = o.integration_type AND k.key = o.key AND k.log_id = o.id;
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER keys_of_inserted AFTER INSERT ON status_logs REFERENCING NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log_keys();
CREATE TRIGGER keys_of_deleted AFTER DELETE ON status_logs REFERENCING OLD TABLE AS old_logs
    FOR EACH STATEMENT EXECUTE FUNCTION keep_log_keys();

REVOKE ALL ON FUNCTION keep_log_keys() FROM PUBLIC;
GRANT SELECT ON log_keys TO conexoes_reader, conexoes_writer;
ALTER TABLE log_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON log_keys FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON log_keys FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Writers have each statement planned anew, and since PostgreSQL 18 what a function consists of as well: for each
-- message five times as long as its words take.
ALTER FUNCTION message_words(text, text, text) SET plan_cache_mode = 'force_generic_plan';

-- Each search goes through all of the words that wait to be put in: half a megabyte of them costs it 0.1 ms, the 4 MB that
-- PostgreSQL would let gather 1.2 ms. Storing results costs the same.
ALTER INDEX status_logs_by_word SET (gin_pending_list_limit = 512);

-- migrate: rollback

SET LOCAL lock_timeout = '10s';
SET LOCAL maintenance_work_mem = '256MB';
LOCK TABLE status_logs, log_keys, facets, log_changes, log_hours, log_days;

ALTER FUNCTION message_words(text, text, text) RESET plan_cache_mode;
ALTER INDEX status_logs_by_word RESET (gin_pending_list_limit);
ALTER TABLE log_hours RESET (fillfactor);
ALTER TABLE log_days RESET (fillfactor);
CREATE INDEX log_hours_empty ON log_hours (account) WHERE logs = 0;
CREATE INDEX log_days_empty ON log_days (account) WHERE logs = 0;

CREATE OR REPLACE FUNCTION compact_log_changes(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    taken integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.compact_log_changes')) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM log_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM log_changes LIMIT at_most))
        RETURNING *
    ),
    hours AS (
        INSERT INTO log_hours AS h
        SELECT account, integration_type, hour, facet_id, sum(logs) FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(logs) <> 0
        ON CONFLICT (account, integration_type, hour, facet_id) DO UPDATE SET logs = h.logs + excluded.logs
    ),
    days AS (
        INSERT INTO log_days AS d
        SELECT account, integration_type, date_trunc('day', hour, 'UTC'), facet_id, sum(logs)
        FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(logs) <> 0
        ON CONFLICT (account, integration_type, day, facet_id) DO UPDATE SET logs = d.logs + excluded.logs
    )
    SELECT count(*) INTO taken FROM gone;
    DELETE FROM log_hours WHERE logs = 0;
    DELETE FROM log_days WHERE logs = 0;
    RETURN taken;
END
$function$;

DROP TRIGGER keys_of_inserted ON status_logs;
DROP TRIGGER keys_of_deleted ON status_logs;
DROP FUNCTION keep_log_keys();
DROP TABLE log_keys;
DROP INDEX status_logs_by_update;
ALTER TABLE status_logs DROP COLUMN facet_id;
ALTER TABLE status_logs ADD COLUMN facet_id uuid NOT NULL GENERATED ALWAYS AS (
    md5(
        integration_type || chr(31) || affiliate || chr(31) || status || chr(31) || coalesce(reprocess_state, '')
        || chr(31) || coalesce(fingerprint, '') || coalesce(chr(31) || code, '')
    )::uuid
) STORED;
CREATE INDEX status_logs_by_facet ON status_logs (account, facet_id, processed_at DESC, id DESC);
CREATE INDEX status_logs_by_key ON status_logs (account, integration_type, key, id);
TRUNCATE facets, log_changes, log_hours, log_days;
SELECT recount_logs();
