-- faults: how often and when each came, and what people decided about it
-- depends: 0006_affiliates

-- migrate: apply

CREATE TABLE faults (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    results bigint NOT NULL,                 -- the sum of its fault_hours: of the retention
    first_seen_at timestamptz NOT NULL,      -- processed_at of its results, ever
    last_seen_at timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,   -- what comes after a person's decision opens the group again
    PRIMARY KEY (account, integration_type, fingerprint)
) WITH (fillfactor = 80);

COMMENT ON TABLE faults IS
    'One row a fault that was ever seen: what compact_fault_changes() has added up. '
    'Kept for ever; it grows with the faults, as facets do.';

GRANT SELECT ON faults TO conexoes_reader, conexoes_writer;
ALTER TABLE faults ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON faults TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON faults FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE fault_hours (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    results bigint NOT NULL,
    PRIMARY KEY (account, integration_type, fingerprint, hour)
);

COMMENT ON TABLE fault_hours IS
    'Results with a fault, by the hour of UTC that they were processed in. Kept for CONEXOES_RETENTION_DAYS.';

CREATE INDEX fault_hours_by_hour ON fault_hours (hour);

GRANT SELECT ON fault_hours TO conexoes_reader, conexoes_writer;
ALTER TABLE fault_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON fault_hours TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON fault_hours FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- The fold only ever inserts here, so that no writer waits; every reader adds these.
CREATE TABLE fault_changes (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    results bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE fault_changes IS
    'What is not added up to faults and their hours yet. Kept until compact_fault_changes() does.';

CREATE INDEX fault_changes_by_type ON fault_changes (account, integration_type);

GRANT SELECT, INSERT ON fault_changes TO conexoes_writer;
GRANT SELECT ON fault_changes TO conexoes_reader;
ALTER TABLE fault_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON fault_changes TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON fault_changes FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE fault_states (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,  -- in the order of decisions
    state text COLLATE "C" NOT NULL CHECK (state IN ('open', 'acknowledged', 'ignored')),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    note text,
    PRIMARY KEY (account, integration_type, fingerprint, id)
);

COMMENT ON TABLE fault_states IS
    'What people decided about a group of equal errors, one row a decision; the newest holds. '
    'Added to, and nothing else: not even the owner changes a row. Kept for ever.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fault_states
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON fault_states TO conexoes_writer;
GRANT SELECT ON fault_states TO conexoes_reader;
ALTER TABLE fault_states ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON fault_states TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON fault_states FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Adds up to `at_most` changes to the faults and their hours. Returns how many there were; 0 also while another does.
CREATE FUNCTION compact_fault_changes(at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    taken integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('conexoes.faults')) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM fault_changes
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM fault_changes LIMIT at_most))
        RETURNING *
    ),
    hours AS (
        INSERT INTO fault_hours AS h
        SELECT account, integration_type, fingerprint, hour, sum(results) FROM gone GROUP BY 1, 2, 3, 4
        ON CONFLICT (account, integration_type, fingerprint, hour) DO UPDATE SET results = h.results + excluded.results
    ),
    added AS (
        INSERT INTO faults AS f
        SELECT account, integration_type, fingerprint,
            sum(results), min(first_seen_at), max(last_seen_at), max(received_at)
        FROM gone GROUP BY 1, 2, 3
        ON CONFLICT (account, integration_type, fingerprint) DO UPDATE SET
            results = f.results + excluded.results,
            first_seen_at = least(f.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
            last_received_at = greatest(f.last_received_at, excluded.last_received_at)
    )
    SELECT count(*) INTO taken FROM gone;
    RETURN taken;
END
$function$;

-- Forgets the hours that are older than attempts are kept. Returns how many; a fault itself is never forgotten.
CREATE FUNCTION forget_fault_hours(retention_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    forgotten integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.faults'));
    WITH gone AS (
        DELETE FROM fault_hours WHERE hour < now() - kept_for(retention_days) RETURNING *
    ),
    less AS (
        UPDATE faults f SET results = f.results - g.results
        FROM (
            SELECT account, integration_type, fingerprint, sum(results) AS results FROM gone GROUP BY 1, 2, 3
        ) AS g
        WHERE f.account = g.account AND f.integration_type = g.integration_type AND f.fingerprint = g.fingerprint
    )
    SELECT count(*) INTO forgotten FROM gone;
    RETURN forgotten;
END
$function$;

-- Counts everything anew; for tables that were loaded past the fold, and for doubt. When a fault was first seen is
-- known for longer than its attempts are kept, so it stays. The owner's only.
CREATE FUNCTION recount_faults() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.faults'));
    LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE fault_changes, fault_hours, faults IN EXCLUSIVE MODE;
    DELETE FROM fault_hours;
    DELETE FROM fault_changes;
    UPDATE faults SET results = 0;
    INSERT INTO fault_hours
    SELECT account, integration_type, fingerprint, date_trunc('hour', processed_at, 'UTC'), count(*)
    FROM attempts WHERE fingerprint IS NOT NULL GROUP BY 1, 2, 3, 4;
    INSERT INTO faults AS f
    SELECT account, integration_type, fingerprint, sum(results), min(first), max(last), max(received)
    FROM (
        SELECT account, integration_type, fingerprint, count(*) AS results,
            min(processed_at) AS first, max(processed_at) AS last, max(received_at) AS received
        FROM attempts WHERE fingerprint IS NOT NULL GROUP BY 1, 2, 3
        UNION ALL  -- of logs whose attempts are gone
        SELECT account, integration_type, fingerprint, 0, min(processed_at), max(processed_at), max(processed_at)
        FROM status_logs WHERE fingerprint IS NOT NULL GROUP BY 1, 2, 3
    ) AS seen
    GROUP BY 1, 2, 3
    ON CONFLICT (account, integration_type, fingerprint) DO UPDATE SET
        results = excluded.results,
        first_seen_at = least(f.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
        last_received_at = greatest(f.last_received_at, excluded.last_received_at);
END
$function$;

REVOKE ALL ON FUNCTION compact_fault_changes(integer), forget_fault_hours(integer), recount_faults()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compact_fault_changes(integer), forget_fault_hours(integer) TO conexoes_writer;

-- migrate: rollback
