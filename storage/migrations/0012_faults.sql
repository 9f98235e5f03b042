-- faults: how often and when each came, what people decided about it, and what reprocessing did about it
-- depends: 0011_pages

-- migrate: apply

-- One row a fault that was ever seen: what compact_fault_changes() has added up. Grows with the faults, as facets do.
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

-- Results with a fault, by the hour of UTC that they were processed in; kept as long as attempts are.
CREATE TABLE fault_hours (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    hour timestamptz NOT NULL,
    results bigint NOT NULL,
    PRIMARY KEY (account, integration_type, fingerprint, hour)
);

CREATE INDEX fault_hours_by_hour ON fault_hours (hour);

-- What was not added up yet. The fold only ever inserts here, so that no writer waits; every reader adds these.
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

CREATE INDEX fault_changes_by_type ON fault_changes (account, integration_type);

-- What people decided about a group of equal errors, one row a decision; the newest holds. Added to, and nothing
-- else: not even the owner changes a row.
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

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fault_states
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What became of the items that were asked for because of a fault.
CREATE INDEX reprocess_items_by_fingerprint ON reprocess_items (account, before_fingerprint, state)
    WHERE before_fingerprint IS NOT NULL;

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
CREATE FUNCTION forget_fault_hours(retention_days integer, at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    forgotten integer;
BEGIN
    IF retention_days < 1 THEN
        RAISE EXCEPTION 'retention_days must be at least 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.faults'));
    WITH gone AS (
        DELETE FROM fault_hours WHERE hour < at - make_interval(days => retention_days) RETURNING *
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
-- known for longer than its attempts are kept, so it stays.
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

REVOKE ALL ON FUNCTION compact_fault_changes(integer), forget_fault_hours(integer, timestamptz), recount_faults()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compact_fault_changes(integer), forget_fault_hours(integer, timestamptz) TO conexoes_writer;
GRANT INSERT ON fault_changes TO conexoes_writer;
GRANT INSERT ON fault_states TO conexoes_writer;
GRANT SELECT ON faults, fault_hours, fault_changes, fault_states TO conexoes_reader, conexoes_writer;

DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['faults', 'fault_hours', 'fault_changes', 'fault_states'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY writer ON %I TO conexoes_writer USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO conexoes_reader
             USING (account = current_setting(''conexoes.account'', true))', name);
    END LOOP;
END
$policies$;

SELECT recount_faults();

-- migrate: rollback

DROP FUNCTION recount_faults(), forget_fault_hours(integer, timestamptz), compact_fault_changes(integer);
DROP INDEX reprocess_items_by_fingerprint;
DROP TABLE fault_states, fault_changes, fault_hours, faults;
