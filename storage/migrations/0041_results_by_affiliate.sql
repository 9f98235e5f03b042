-- results by affiliate: series that tell apart no codes read few rows
-- depends: 0040_followed_items

-- migrate: apply

SET LOCAL lock_timeout = '2s';

CREATE TABLE result_hours_by_affiliate (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    success bigint NOT NULL,
    warning bigint NOT NULL,
    error bigint NOT NULL,
    PRIMARY KEY (account, integration_type, hour, affiliate)
) WITH (fillfactor = 70);

COMMENT ON TABLE result_hours_by_affiliate IS
    'Results of an affiliate that were processed in an hour of UTC, by status: the sums of result_hours. '
    'Kept for CONEXOES_SERIES_RETENTION_DAYS, a day at a time.';

CREATE TABLE result_days_by_affiliate (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    success bigint NOT NULL,
    warning bigint NOT NULL,
    error bigint NOT NULL,
    PRIMARY KEY (account, integration_type, day, affiliate)
) WITH (fillfactor = 70);

COMMENT ON TABLE result_days_by_affiliate IS
    'Results of an affiliate that were processed in a day of UTC, by status: the sums of result_days. '
    'Kept for CONEXOES_SERIES_RETENTION_DAYS, a day at a time.';

GRANT SELECT ON result_hours_by_affiliate, result_days_by_affiliate TO conexoes_reader, conexoes_writer;
ALTER TABLE result_hours_by_affiliate ENABLE ROW LEVEL SECURITY;
ALTER TABLE result_days_by_affiliate ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON result_hours_by_affiliate FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY writer ON result_days_by_affiliate FOR SELECT TO conexoes_writer USING (true);
CREATE POLICY reader ON result_hours_by_affiliate FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
CREATE POLICY reader ON result_days_by_affiliate FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE OR REPLACE FUNCTION compact_result_changes(at_most integer) RETURNS integer
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
    ),
    by_affiliate AS (
        SELECT
            account, integration_type, affiliate, hour,
            coalesce(sum(results) FILTER (WHERE status = 'success'), 0) AS success,
            coalesce(sum(results) FILTER (WHERE status = 'warning'), 0) AS warning,
            coalesce(sum(results) FILTER (WHERE status = 'error'), 0) AS error
        FROM counted GROUP BY 1, 2, 3, 4
    ),
    hours_by_affiliate AS (
        INSERT INTO result_hours_by_affiliate AS h (account, integration_type, hour, affiliate, success, warning, error)
        SELECT account, integration_type, hour, affiliate, success, warning, error FROM by_affiliate
        ON CONFLICT (account, integration_type, hour, affiliate) DO UPDATE SET
            success = h.success + excluded.success, warning = h.warning + excluded.warning,
            error = h.error + excluded.error
    ),
    days_by_affiliate AS (
        INSERT INTO result_days_by_affiliate AS d (account, integration_type, day, affiliate, success, warning, error)
        SELECT account, integration_type, date_trunc('day', hour, 'UTC'), affiliate, sum(success), sum(warning), sum(error)
        FROM by_affiliate GROUP BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, day, affiliate) DO UPDATE SET
            success = d.success + excluded.success, warning = d.warning + excluded.warning,
            error = d.error + excluded.error
    ),
    received AS (
        SELECT
            account, integration_type, affiliate, date_bin('5 minutes', received_at, 'epoch') AS step,
            min(received_at) AS first_at, max(received_at) AS last_at,
            sum(results) AS results, coalesce(sum(results) FILTER (WHERE status = 'error'), 0) AS failures
        FROM gone WHERE received_at IS NOT NULL
        GROUP BY 1, 2, 3, 4
    ),
    times AS (
        INSERT INTO received_times AS t (account, integration_type, affiliate, first_at, last_at)
        SELECT account, integration_type, affiliate, min(first_at), max(last_at) FROM received GROUP BY 1, 2, 3
        ON CONFLICT (account, integration_type, affiliate) DO UPDATE SET
            first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at)
    ),
    received_by_hour AS (
        INSERT INTO received_hours AS h (account, integration_type, affiliate, hour, results, failures)
        SELECT account, integration_type, affiliate, date_trunc('hour', step, 'UTC'), sum(results), sum(failures)
        FROM received GROUP BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, affiliate, hour) DO UPDATE SET
            results = h.results + excluded.results, failures = h.failures + excluded.failures
    ),
    received_by_step AS (
        INSERT INTO received_steps AS s (account, integration_type, affiliate, step, results, failures)
        SELECT account, integration_type, affiliate, step, results, failures FROM received
        ON CONFLICT (account, integration_type, affiliate, step) DO UPDATE SET
            results = s.results + excluded.results, failures = s.failures + excluded.failures
    )
    SELECT count(*) INTO taken FROM gone;
    RETURN taken;
END
$function$;

-- Deletes the oldest day of all four tables at once, so that they agree in every snapshot. The body before this one may
-- have waited for this migration, and deletes its day from two of them: the other two delete up to the day.
CREATE OR REPLACE FUNCTION forget_result_day(retention_days integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    kept_from timestamptz := date_trunc('day', now() - kept_for('series', retention_days), 'UTC');
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
    DELETE FROM result_days_by_affiliate d USING (SELECT DISTINCT account, integration_type FROM result_facets) AS f
    WHERE d.account = f.account AND d.integration_type = f.integration_type AND d.day <= oldest;
    DELETE FROM result_hours_by_affiliate h USING (SELECT DISTINCT account, integration_type FROM result_facets) AS f
    WHERE h.account = f.account AND h.integration_type = f.integration_type
      AND h.hour < oldest + interval '24 hours';
    RETURN true;
END
$function$;

-- Makes the sums by affiliate anew, of result_hours as they are.
CREATE FUNCTION sum_results_by_affiliate() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.results'));
    DELETE FROM result_hours_by_affiliate;
    DELETE FROM result_days_by_affiliate;
    INSERT INTO result_hours_by_affiliate (account, integration_type, hour, affiliate, success, warning, error)
    SELECT h.account, h.integration_type, h.hour, f.affiliate,
        coalesce(sum(h.results) FILTER (WHERE f.status = 'success'), 0),
        coalesce(sum(h.results) FILTER (WHERE f.status = 'warning'), 0),
        coalesce(sum(h.results) FILTER (WHERE f.status = 'error'), 0)
    FROM result_hours h
    JOIN result_facets f ON f.account = h.account AND f.id = h.facet_id
    GROUP BY 1, 2, 3, 4;
    INSERT INTO result_days_by_affiliate (account, integration_type, day, affiliate, success, warning, error)
    SELECT account, integration_type, date_trunc('day', hour, 'UTC'), affiliate, sum(success), sum(warning), sum(error)
    FROM result_hours_by_affiliate
    GROUP BY 1, 2, 3, 4;
END
$function$;

REVOKE ALL ON FUNCTION sum_results_by_affiliate() FROM PUBLIC;

-- As before, with the sums by affiliate.
CREATE OR REPLACE FUNCTION recount_results() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.results'));
    LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE result_changes, result_hours, result_days IN EXCLUSIVE MODE;
    PERFORM compact_result_changes(2147483647);
    INSERT INTO result_changes (
        account, integration_type, hour, affiliate, status, code, other_codes, results, received_at
    )
    SELECT
        account, integration_type, hour, affiliate, status, codes[1], codes[2:],
        kept.results - coalesce(known.results, 0), NULL
    FROM (
        SELECT account, integration_type, date_trunc('hour', processed_at, 'UTC') AS hour, affiliate, status,
            result_codes(code, other_codes) AS codes, count(*) AS results
        FROM attempts
        GROUP BY 1, 2, 3, 4, 5, 6
    ) AS kept
    LEFT JOIN (
        SELECT h.account, h.integration_type, h.hour, f.affiliate, f.status, f.codes, h.results
        FROM result_hours h
        JOIN result_facets f ON f.account = h.account AND f.id = h.facet_id
    ) AS known USING (account, integration_type, hour, affiliate, status, codes)
    WHERE kept.results > coalesce(known.results, 0);
    PERFORM compact_result_changes(2147483647);
    PERFORM sum_results_by_affiliate();
END
$function$;

-- Results that came before are history too. It reads the hours of all results, and whoever adds
-- up waits: no database that was released has this to come.
SELECT sum_results_by_affiliate();

-- migrate: rollback
