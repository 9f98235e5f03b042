-- incidents: when results are received, the rhythm of that, and what goes wrong
-- depends: 0023_attempts_by_log

-- migrate: apply

SET LOCAL lock_timeout = '2s';

-- The agents of the version before don't name it, and need not: it is the time of their transaction.
ALTER TABLE result_changes ADD COLUMN received_at timestamptz DEFAULT now();
COMMENT ON COLUMN result_changes.received_at IS 'Null: counted anew, not received.';

CREATE TABLE received_times (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (account, integration_type, affiliate)
) WITH (fillfactor = 50);

COMMENT ON TABLE received_times IS
    'When the first and the last result of a type of an affiliate were received. Kept for ever; it grows with affiliates.';

CREATE TABLE received_hours (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    results bigint NOT NULL,
    failures bigint NOT NULL,
    PRIMARY KEY (account, integration_type, affiliate, hour)
) WITH (fillfactor = 80);

COMMENT ON TABLE received_hours IS
    'Results that were received in an hour of UTC, and how many failed, as added up by compact_result_changes(). What a '
    'rhythm is learned from. Kept for 90 days.';

CREATE TABLE received_steps (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    step timestamptz NOT NULL,
    results bigint NOT NULL,
    failures bigint NOT NULL,
    PRIMARY KEY (account, integration_type, affiliate, step)
) WITH (fillfactor = 80);

COMMENT ON TABLE received_steps IS
    'Results that were received in five minutes, and how many failed: whether more fail now than usually. Kept for 26 hours.';

CREATE TABLE rhythms (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    weeks integer NOT NULL,
    pace real[] NOT NULL,                    -- of each hour of the week: schemas.rhythm.Rhythm
    shares real[] NOT NULL,
    rough real NOT NULL,
    uneven jsonb NOT NULL DEFAULT '{}',      -- hours of the week that are not even: the pace of each step of them
    learned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, integration_type, affiliate)
);

COMMENT ON TABLE rhythms IS
    'What each hour of the week usually brings, as agents learn it each hour. Kept for ever; it grows with affiliates.';

-- A restart of agents must not make everything silent: nothing is missing that nobody looked for.
CREATE TABLE stored_until (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    at timestamptz NOT NULL,                 -- all records of the partition before this time are stored
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

COMMENT ON TABLE stored_until IS
    'One row for each partition of results, by the worker that reads it: how old what may be missing is. Kept for ever.';

CREATE TABLE data_times (
    integration_type text COLLATE "C" PRIMARY KEY,
    as_of timestamptz NOT NULL,              -- all results of the type before this time are counted
    whole_since timestamptz NOT NULL,        -- since when as_of has gone on without a gap
    judged_at timestamptz NOT NULL
) WITH (fillfactor = 50);

COMMENT ON TABLE data_times IS
    'The time up to which the data of a type is complete, as it was judged last. Kept for ever; one row for each type.';

CREATE TABLE incidents (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,          -- schemas.incident.Kind
    integration_type text COLLATE "C",       -- null: of no one type
    affiliate text COLLATE "C",              -- null: of no one affiliate
    subject text COLLATE "C" NOT NULL,       -- what else tells it from others of its kind; '' where nothing does
    state text COLLATE "C" NOT NULL,         -- schemas.incident.State
    severity text COLLATE "C" NOT NULL,      -- warning, critical
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    resolved_at timestamptz,
    facts jsonb NOT NULL                     -- schemas.incident.IncidentFacts: figures of now, no name of an entity
);

COMMENT ON TABLE incidents IS
    'What goes wrong: one row for each thing. Kept for CONEXOES_SERIES_RETENTION_DAYS after it is over.';

CREATE INDEX incidents_by_time ON incidents (account, opened_at DESC, incident_id DESC);
CREATE INDEX incidents_unresolved ON incidents (account) WHERE state <> 'resolved';
CREATE INDEX incidents_by_end ON incidents (resolved_at) WHERE state = 'resolved';

CREATE TABLE incident_edges (
    edge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incidents,
    account text COLLATE "C" NOT NULL,
    edge text COLLATE "C" NOT NULL,          -- schemas.incident.Edge
    at timestamptz NOT NULL,                 -- of the data, by PostgreSQL's clock
    facts jsonb NOT NULL                     -- as of that moment
);

COMMENT ON TABLE incident_edges IS
    'Changes of the states of incidents, each inserted with the change itself, once. Kept as long as the incident.';

CREATE INDEX incident_edges_by_incident ON incident_edges (incident_id, edge_id);

DO $rights$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'received_times', 'received_hours', 'received_steps', 'rhythms', 'incidents', 'incident_edges'
    ] LOOP
        EXECUTE format('GRANT SELECT ON %I TO conexoes_reader, conexoes_writer', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY writer ON %I TO conexoes_writer USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO conexoes_reader
             USING (account = current_setting(''conexoes.account'', true))', name);
    END LOOP;
END
$rights$;

GRANT INSERT, UPDATE ON rhythms TO conexoes_writer;
GRANT INSERT ON incidents, incident_edges TO conexoes_writer;
GRANT UPDATE (kind, integration_type, state, severity, changed_at, resolved_at, facts) ON incidents TO conexoes_writer;

GRANT SELECT, INSERT, UPDATE ON stored_until, data_times TO conexoes_writer;
GRANT SELECT ON data_times TO conexoes_reader;
ALTER TABLE stored_until ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_times ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON stored_until TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY writer ON data_times TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON data_times FOR SELECT TO conexoes_reader
    USING (current_setting('conexoes.account', true) ~ '^[a-z0-9-]+$');

-- Faults of a day, and reprocesses that stopped lately, are looked for several times a minute.
CREATE INDEX faults_by_first_seen ON faults (first_seen_at);
CREATE INDEX reprocess_commands_by_end ON reprocess_commands (finished_at) WHERE state = 'cancelled';

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

-- As before, but what is counted anew was not received now.
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
END
$function$;

-- Deletes counts that no rhythm is learned from any more. Returns their number.
CREATE FUNCTION forget_received() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    steps integer;
    hours integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.results'));
    DELETE FROM received_steps WHERE step < now() - interval '26 hours';
    GET DIAGNOSTICS steps = ROW_COUNT;
    -- The eight weeks before the last result stay: who was silent for long has the same rhythm again.
    DELETE FROM received_hours h USING received_times t
    WHERE h.hour < now() - interval '90 days' AND t.account = h.account AND t.integration_type = h.integration_type
      AND t.affiliate = h.affiliate AND h.hour < t.last_at - interval '57 days';
    GET DIAGNOSTICS hours = ROW_COUNT;
    RETURN steps + hours;
END
$function$;

-- Deletes incidents that were over before the series begins, with their edges, up to `most`. Returns their number.
CREATE FUNCTION forget_incidents(retention_days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    gone bigint[];
BEGIN
    SELECT array_agg(incident_id) INTO gone FROM (
        SELECT incident_id FROM incidents
        WHERE state = 'resolved' AND resolved_at < now() - kept_for('series', retention_days)
        ORDER BY resolved_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ) AS old;
    DELETE FROM incident_edges WHERE incident_id = ANY(gone);
    DELETE FROM incidents WHERE incident_id = ANY(gone);
    RETURN coalesce(cardinality(gone), 0);
END
$function$;

REVOKE ALL ON FUNCTION forget_received(), forget_incidents(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_received(), forget_incidents(integer, integer) TO conexoes_writer;

-- What came before is taken to have been received when it was processed, so that there is a rhythm from the start.
INSERT INTO received_hours (account, integration_type, affiliate, hour, results, failures)
SELECT h.account, h.integration_type, f.affiliate, h.hour, sum(h.results),
    coalesce(sum(h.results) FILTER (WHERE f.status = 'error'), 0)
FROM result_hours h
JOIN result_facets f ON f.account = h.account AND f.id = h.facet_id
WHERE h.hour > now() - interval '57 days' AND h.hour <= now()
GROUP BY 1, 2, 3, 4;

INSERT INTO received_times (account, integration_type, affiliate, first_at, last_at)
SELECT account, integration_type, affiliate, min(hour), least(max(hour) + interval '1 hour', now())
FROM received_hours GROUP BY 1, 2, 3;

-- migrate: rollback
