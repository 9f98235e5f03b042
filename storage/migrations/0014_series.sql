-- the series: results counted by hour, status, affiliate and codes
-- depends: 0013_outcomes

-- migrate: apply

-- The codes of several errors, each once, in order.
CREATE FUNCTION distinct_codes(codes text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $function$
    SELECT ARRAY(SELECT DISTINCT each COLLATE "C" FROM unnest(codes) AS each WHERE each IS NOT NULL ORDER BY 1)
$function$;

-- The codes of all errors of a result, each once, in order. `other_codes`: those beside the first; null for none.
-- PostgreSQL writes this one into the query, as long as it sets nothing and has no subquery: a call for each result is
-- most of the time of counting them anew.
CREATE FUNCTION result_codes(code text, other_codes text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN other_codes IS NULL THEN array_remove(ARRAY[code], NULL)
    ELSE distinct_codes(array_append(other_codes, code))
END;

-- A set of codes has no limit that an index could hold, so hours and days refer to it by a hash. It is the text of
-- an array that is hashed, since codes may contain any separator.
CREATE TABLE result_facets (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    codes text[] COLLATE "C" NOT NULL,       -- of every error; a result with several counts once in totals
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE result_facets IS
    'What results are counted by: one row for each combination of affiliate, status and codes that was ever counted. '
    'Kept for ever; it grows with the combinations, as facets do.';

CREATE INDEX result_facets_by_type ON result_facets (account, integration_type, id);

GRANT SELECT ON result_facets TO conexoes_reader, conexoes_writer;
ALTER TABLE result_facets ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON result_facets FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON result_facets FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE result_hours (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    facet_id uuid NOT NULL,                  -- result_facets.id
    results bigint NOT NULL,
    PRIMARY KEY (account, integration_type, hour, facet_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE result_hours IS
    'Results that were processed in an hour of UTC, whatever came later, as added up by compact_result_changes(). '
    'Kept for CONEXOES_SERIES_RETENTION_DAYS, a day at a time.';

GRANT SELECT ON result_hours TO conexoes_reader, conexoes_writer;
ALTER TABLE result_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON result_hours FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON result_hours FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE result_days (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    facet_id uuid NOT NULL,                  -- result_facets.id
    results bigint NOT NULL,
    PRIMARY KEY (account, integration_type, day, facet_id)
) WITH (fillfactor = 70);

COMMENT ON TABLE result_days IS
    'Results that were processed in a day of UTC: the sums of result_hours. '
    'Kept for CONEXOES_SERIES_RETENTION_DAYS, a day at a time.';

GRANT SELECT ON result_days TO conexoes_reader, conexoes_writer;
ALTER TABLE result_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON result_days FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON result_days FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- The fold only inserts here, so that no writer waits; every reader adds these to the counts.
CREATE TABLE result_changes (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    code text COLLATE "C",                   -- as attempts have them
    other_codes text[] COLLATE "C",
    results bigint NOT NULL
);

COMMENT ON TABLE result_changes IS
    'Counts of results that are not added up to hours and days yet. Kept until compact_result_changes() does.';

CREATE INDEX result_changes_by_type ON result_changes (account, integration_type);

GRANT SELECT, INSERT ON result_changes TO conexoes_writer;
GRANT SELECT ON result_changes TO conexoes_reader;
ALTER TABLE result_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON result_changes TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON result_changes FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Adds up to `at_most` changes to the hours and days. Returns their number; 0 also while another session does it.
CREATE FUNCTION compact_result_changes(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    taken integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.results')) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM result_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM result_changes LIMIT at_most))
        RETURNING *
    ),
    counted AS (
        SELECT
            account, integration_type, hour, affiliate, status, codes,
            md5(ARRAY[account, integration_type, affiliate, status, codes::text]::text)::uuid AS facet_id,
            sum(results) AS results
        FROM (SELECT *, result_codes(code, other_codes) AS codes FROM gone) AS told
        GROUP BY 1, 2, 3, 4, 5, 6
    ),
    named AS (
        INSERT INTO result_facets (account, id, integration_type, affiliate, status, codes)
        SELECT DISTINCT account, facet_id, integration_type, affiliate, status, codes FROM counted
        ON CONFLICT DO NOTHING
    ),
    hours AS (
        INSERT INTO result_hours AS h (account, integration_type, hour, facet_id, results)
        SELECT account, integration_type, hour, facet_id, results FROM counted
        ON CONFLICT (account, integration_type, hour, facet_id) DO UPDATE SET results = h.results + excluded.results
    ),
    days AS (
        INSERT INTO result_days AS d (account, integration_type, day, facet_id, results)
        SELECT account, integration_type, date_trunc('day', hour, 'UTC'), facet_id, sum(results) FROM counted
        GROUP BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, day, facet_id) DO UPDATE SET results = d.results + excluded.results
    )
    SELECT count(*) INTO taken FROM gone;
    RETURN taken;
END
$function$;

-- Deletes the oldest day of UTC that is wholly older than the retention, of hours and days at once, so that both agree
-- in every snapshot. True when there was one.
CREATE FUNCTION forget_result_day(retention_days integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    kept_from timestamptz := date_trunc('day', now() - kept_for(retention_days), 'UTC');
    oldest timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.results'));
    -- By the primary key: days have no index of their own, which each result would have to pay for.
    SELECT min(first.day) INTO oldest
    FROM (SELECT DISTINCT account, integration_type FROM result_facets) AS f
    CROSS JOIN LATERAL (
        SELECT d.day FROM result_days d
        WHERE d.account = f.account AND d.integration_type = f.integration_type ORDER BY d.day LIMIT 1
    ) AS first;
    IF oldest IS NULL OR oldest >= kept_from THEN
        RETURN false;
    END IF;
    DELETE FROM result_days d USING (SELECT DISTINCT account, integration_type FROM result_facets) AS f
    WHERE d.account = f.account AND d.integration_type = f.integration_type AND d.day = oldest;
    DELETE FROM result_hours h USING (SELECT DISTINCT account, integration_type FROM result_facets) AS f
    WHERE h.account = f.account AND h.integration_type = f.integration_type
      AND h.hour >= oldest AND h.hour < oldest + interval '24 hours';
    RETURN true;
END
$function$;

-- Counts the attempts anew: after loading tables without the fold, or in doubt. The series is kept longer than
-- attempts, so the hours before which attempts were deleted stay as they are. For the owner only.
CREATE FUNCTION recount_results() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    whole_from timestamptz := (SELECT before FROM retention_horizon);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.results'));
    LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE result_changes, result_hours, result_days IN EXCLUSIVE MODE;
    PERFORM compact_result_changes(2147483647);
    DELETE FROM result_hours WHERE hour >= whole_from;
    DELETE FROM result_days WHERE day >= date_trunc('day', whole_from, 'UTC');
    INSERT INTO result_days (account, integration_type, day, facet_id, results)
    SELECT account, integration_type, date_trunc('day', hour, 'UTC'), facet_id, sum(results)
    FROM result_hours WHERE hour >= date_trunc('day', whole_from, 'UTC') GROUP BY 1, 2, 3, 4;
    INSERT INTO result_changes (account, integration_type, hour, affiliate, status, code, other_codes, results)
    SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC'), affiliate, status, code, other_codes, count(*)
    FROM attempts WHERE date_trunc('hour', processed_at, 'UTC') >= whole_from GROUP BY 1, 2, 3, 4, 5, 6, 7;
    PERFORM compact_result_changes(2147483647);
END
$function$;

REVOKE ALL ON FUNCTION compact_result_changes(integer), forget_result_day(integer), recount_results() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compact_result_changes(integer), forget_result_day(integer) TO conexoes_writer;

-- Results that came before this migration are history too, as far as their attempts are kept. It reads all attempts, and
-- their writers wait: no database that was released has this to come.
SET LOCAL lock_timeout = '2s';
SELECT recount_results();

-- migrate: rollback
