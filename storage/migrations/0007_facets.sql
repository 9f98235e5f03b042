-- counts of logs by what the filter asks for, and the indexes that every filter is answered from
-- depends: 0006_grants

-- migrate: apply

-- A facet is a set of dimensions that the filter knows: logs equal in all of them are counted together, and are one
-- ordered run of status_logs_by_facet. The id is told from the dimensions, so that nobody has to look it up to write.
-- Only the last dimension may contain the separator; affiliates are printable, the rest are words of ours.
ALTER TABLE status_logs ADD COLUMN facet_id uuid NOT NULL GENERATED ALWAYS AS (
    md5(
        integration_type || chr(31) || affiliate || chr(31) || status || chr(31) || coalesce(reprocess_state, '')
        || chr(31) || coalesce(fingerprint, '') || coalesce(chr(31) || code, '')
    )::uuid
) STORED;

CREATE INDEX status_logs_by_facet ON status_logs (account, facet_id, processed_at DESC, id DESC);
DROP INDEX status_logs_reprocessed;

-- Names are looked for within one type, or within each: a name that is common in another type costs nothing.
DROP INDEX status_logs_by_key;
CREATE INDEX status_logs_by_key ON status_logs (account, integration_type, key, id);
ALTER TABLE aliases ADD COLUMN integration_type text COLLATE "C";
UPDATE aliases a SET integration_type = s.integration_type FROM status_logs s WHERE s.account = a.account AND s.id = a.log_id;
ALTER TABLE aliases ALTER COLUMN integration_type SET NOT NULL;
DROP INDEX aliases_by_value;
CREATE INDEX aliases_by_value ON aliases (account, integration_type, value, log_id);

-- What each facet of an account stands for. Grows only, with what was ever seen together.
CREATE TABLE facets (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    code text COLLATE "C",
    fingerprint text COLLATE "C",
    reprocess_state text COLLATE "C",
    PRIMARY KEY (account, id)
);

CREATE INDEX facets_by_type ON facets (account, integration_type, id);

-- How many logs of a facet were processed in an hour, and in a day, of UTC: what compact_log_counts() has added up.
CREATE TABLE log_hours (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    facet_id uuid NOT NULL,
    logs bigint NOT NULL,
    PRIMARY KEY (account, integration_type, hour, facet_id)
);

CREATE TABLE log_days (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    facet_id uuid NOT NULL,
    logs bigint NOT NULL,
    PRIMARY KEY (account, integration_type, day, facet_id)
);

CREATE INDEX log_hours_empty ON log_hours (account) WHERE logs = 0;
CREATE INDEX log_days_empty ON log_days (account) WHERE logs = 0;

-- What was not added up yet. Writers only ever insert here, so that none waits for another; every reader adds these.
CREATE TABLE log_changes (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    facet_id uuid NOT NULL,
    logs bigint NOT NULL
);

CREATE INDEX log_changes_by_type ON log_changes (account, integration_type);

-- Keeps the counts in the very statement that changes a log, whoever writes it: they are right in every snapshot.
CREATE FUNCTION count_logs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO log_changes
        SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, count(*)
        FROM new_logs GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO log_changes
        SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, -count(*)
        FROM old_logs GROUP BY 1, 2, 3, 4;
        RETURN NULL;
    ELSE
        INSERT INTO log_changes
        SELECT account, integration_type, hour, facet_id, sum(logs)
        FROM (
            SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC') AS hour, facet_id, count(*) AS logs
            FROM new_logs GROUP BY 1, 2, 3, 4
            UNION ALL
            SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, -count(*)
            FROM old_logs GROUP BY 1, 2, 3, 4
        ) AS moved
        GROUP BY 1, 2, 3, 4
        HAVING sum(logs) <> 0;
    END IF;
    INSERT INTO facets
    SELECT account, facet_id, min(integration_type), min(affiliate), min(status), min(code), min(fingerprint),
        min(reprocess_state)
    FROM new_logs
    GROUP BY 1, 2
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$function$;

CREATE TRIGGER count_inserted AFTER INSERT ON status_logs REFERENCING NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION count_logs();
CREATE TRIGGER count_updated AFTER UPDATE ON status_logs REFERENCING OLD TABLE AS old_logs NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION count_logs();
CREATE TRIGGER count_deleted AFTER DELETE ON status_logs REFERENCING OLD TABLE AS old_logs
    FOR EACH STATEMENT EXECUTE FUNCTION count_logs();

-- Adds up to `at_most` changes to the hours and days. Returns how many there were; 0 also while another does it.
CREATE FUNCTION compact_log_changes(at_most integer) RETURNS integer
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

-- Counts everything anew; for a table that was loaded with its triggers off, and for doubt.
CREATE FUNCTION recount_logs() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    LOCK TABLE status_logs IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE log_changes, log_hours, log_days IN EXCLUSIVE MODE;
    INSERT INTO facets
    SELECT account, facet_id, min(integration_type), min(affiliate), min(status), min(code), min(fingerprint),
        min(reprocess_state)
    FROM status_logs GROUP BY 1, 2
    ON CONFLICT DO NOTHING;
    DELETE FROM log_changes;
    DELETE FROM log_hours;
    DELETE FROM log_days;
    INSERT INTO log_hours
    SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), facet_id, count(*)
    FROM status_logs GROUP BY 1, 2, 3, 4;
    INSERT INTO log_days
    SELECT account, integration_type, date_trunc('day', hour, 'UTC'), facet_id, sum(logs)
    FROM log_hours GROUP BY 1, 2, 3, 4;
END
$function$;

-- The words of a message, each as a number of its account and type: without case, without accents. Null: no words.
CREATE FUNCTION message_words(account text, integration_type text, message text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $function$
    SELECT array_agg(hashtextextended(account || '/' || integration_type || '/' || word, 0))
    FROM unnest(
        tsvector_to_array(
            to_tsvector(
                'pg_catalog.simple',
                lower(regexp_replace(normalize(message, NFD), '[\u0300-\u036f]', '', 'g') COLLATE "C")
            )
        )
    ) AS word
$function$;

CREATE INDEX status_logs_by_word ON status_logs USING gin (message_words(account, integration_type, message))
    WHERE message IS NOT NULL;

-- Up to `at_most` logs whose message has all of these words, in no order. As the owner, since an index over an
-- operator that is not leakproof is not used behind row-level security; of conexoes.account's logs only.
CREATE FUNCTION logs_with_words(type text, words text, at_most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = conexoes, pg_temp SET enable_seqscan = off SET enable_indexscan = off AS $function$
    -- The words are of one account and type, so the other two conditions exclude nothing that is found; they would
    -- only offer the planner other ways.
    WITH found AS MATERIALIZED (
        SELECT s.id, s.account, s.integration_type
        FROM status_logs s
        WHERE s.message IS NOT NULL
          AND message_words(s.account, s.integration_type, s.message)
              @> message_words(current_setting('conexoes.account', true), type, words)
        LIMIT at_most
    )
    SELECT id FROM found WHERE account = current_setting('conexoes.account', true) AND integration_type = type
$function$;

REVOKE ALL ON FUNCTION count_logs(), compact_log_changes(integer), recount_logs(), logs_with_words(text, text, integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compact_log_changes(integer) TO conexoes_writer;
GRANT EXECUTE ON FUNCTION logs_with_words(text, text, integer) TO conexoes_reader, conexoes_writer;
GRANT SELECT ON facets, log_hours, log_days, log_changes TO conexoes_reader, conexoes_writer;

DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['facets', 'log_hours', 'log_days', 'log_changes'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY writer ON %I FOR SELECT TO conexoes_writer USING (true)', name);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO conexoes_reader
             USING (account = current_setting(''conexoes.account'', true))', name);
    END LOOP;
END
$policies$;

SELECT recount_logs();

-- migrate: rollback

DROP TRIGGER count_inserted ON status_logs;
DROP TRIGGER count_updated ON status_logs;
DROP TRIGGER count_deleted ON status_logs;
DROP INDEX status_logs_by_word, status_logs_by_facet, status_logs_by_key, aliases_by_value;
CREATE INDEX status_logs_by_key ON status_logs (account, key, integration_type);
CREATE INDEX aliases_by_value ON aliases (account, value, log_id);
ALTER TABLE aliases DROP COLUMN integration_type;
CREATE INDEX status_logs_reprocessed ON status_logs (account, integration_type, reprocess_state, processed_at DESC, id DESC)
    WHERE reprocess_state IS NOT NULL;
DROP FUNCTION logs_with_words(text, text, integer), message_words(text, text, text), recount_logs(),
    compact_log_changes(integer), count_logs();
DROP TABLE log_changes, log_days, log_hours, facets;
ALTER TABLE status_logs DROP COLUMN facet_id;
