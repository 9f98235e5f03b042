-- counts of logs by the dimensions of the filter
-- depends: 0002_logs

-- migrate: apply

-- A facet: logs that are equal in all dimensions of the filter. They are counted together.
CREATE TABLE facets (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,                        -- status_logs.facet_id
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    code text COLLATE "C",
    fingerprint text COLLATE "C",
    reprocess_state text COLLATE "C",
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE facets IS
    'Facets of an account: one row for each combination of dimensions of the filter. '
    'Kept for ever; it grows with the combinations that were ever seen.';

CREATE INDEX facets_by_type ON facets (account, integration_type, id);

GRANT SELECT ON facets TO conexoes_reader, conexoes_writer;
ALTER TABLE facets ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON facets FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON facets FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Free space on each page for the next versions of its rows. No index of empty counts: it would make every change of a
-- count a new row with new entries in the indexes.
CREATE TABLE log_hours (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    facet_id uuid NOT NULL,
    logs bigint NOT NULL,
    PRIMARY KEY (account, integration_type, hour, facet_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE log_hours IS
    'Logs of a facet that were processed in an hour of UTC, as added up by compact_log_changes(). '
    'Kept while there are such logs.';

GRANT SELECT ON log_hours TO conexoes_reader, conexoes_writer;
ALTER TABLE log_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON log_hours FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON log_hours FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE log_days (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    facet_id uuid NOT NULL,
    logs bigint NOT NULL,
    PRIMARY KEY (account, integration_type, day, facet_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE log_days IS
    'Logs of a facet that were processed in a day of UTC, as added up by compact_log_changes(). '
    'Kept while there are such logs.';

GRANT SELECT ON log_days TO conexoes_reader, conexoes_writer;
ALTER TABLE log_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON log_days FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON log_days FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Writers only insert here, so that none waits for another; every reader adds these to the counts.
CREATE TABLE log_changes (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    facet_id uuid NOT NULL,
    logs bigint NOT NULL                     -- the difference; negative for fewer logs
);

COMMENT ON TABLE log_changes IS
    'Changes of counts that are not added up to hours and days yet. Kept until compact_log_changes() does.';

CREATE INDEX log_changes_by_type ON log_changes (account, integration_type);

GRANT SELECT ON log_changes TO conexoes_reader, conexoes_writer;
ALTER TABLE log_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON log_changes FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON log_changes FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Counts in the same statement that changes a log, whoever writes it, so that counts are exact in every snapshot.
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

REVOKE ALL ON FUNCTION count_logs() FROM PUBLIC;

CREATE TRIGGER count_inserted AFTER INSERT ON status_logs REFERENCING NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION count_logs();
CREATE TRIGGER count_updated AFTER UPDATE ON status_logs REFERENCING OLD TABLE AS old_logs NEW TABLE AS new_logs
    FOR EACH STATEMENT EXECUTE FUNCTION count_logs();
CREATE TRIGGER count_deleted AFTER DELETE ON status_logs REFERENCING OLD TABLE AS old_logs
    FOR EACH STATEMENT EXECUTE FUNCTION count_logs();

-- Adds up to `at_most` changes to the hours and days, and deletes those that become empty. Returns the number of
-- changes; 0 also while another session does it.
CREATE FUNCTION compact_log_changes(at_most integer) RETURNS integer
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

REVOKE ALL ON FUNCTION compact_log_changes(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compact_log_changes(integer) TO conexoes_writer;

-- Rebuilds all counts: after loading the table with its triggers off, or in doubt. For the owner only.
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

REVOKE ALL ON FUNCTION recount_logs() FROM PUBLIC;

-- migrate: rollback
