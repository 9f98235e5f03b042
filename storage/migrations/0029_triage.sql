-- triage: until when a group of equal errors is ignored, who has it, and its tags, ticket and notes
-- depends: 0028_people

-- migrate: apply

SET LOCAL lock_timeout = '2s';

ALTER TABLE fault_states
    DROP CONSTRAINT fault_states_state_check,
    ADD CONSTRAINT fault_states_state_check CHECK (state IN ('open', 'acknowledged', 'resolved', 'ignored')),
    ADD COLUMN until_at timestamptz,            -- ignored until then; no until at all: for good
    ADD COLUMN until_results bigint,            -- ignored until so many results more
    ADD COLUMN until_escalates boolean NOT NULL DEFAULT false,
    -- When it was decided: faults.received, for until_results, acknowledged and resolved (null before 0029); results of
    -- the last two hours, for until_escalates.
    ADD COLUMN baseline bigint,
    ADD CONSTRAINT fault_states_until_check CHECK (
        num_nonnulls(until_at, until_results) + until_escalates::integer <= (state = 'ignored')::integer
        AND (state IN ('acknowledged', 'resolved')
             OR (baseline IS NULL) = (until_results IS NULL AND NOT until_escalates))
    );

ALTER TABLE faults
    ADD COLUMN received bigint NOT NULL DEFAULT 0,  -- results since 0029, whatever is forgotten: for differences only
    ADD COLUMN escalated_at timestamptz;            -- when it ended the decision to ignore it until it escalates

CREATE TABLE fault_notes (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,     -- in the order in which they were written
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('owner', 'tags', 'ticket', 'note')),
    value text[] NOT NULL,                      -- one element, of tags any number; empty: none any more
    noted_by text NOT NULL,
    key_name text,                              -- null: from the command line
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, integration_type, fingerprint, id)
);

COMMENT ON TABLE fault_notes IS
    'Notes of people about a group of equal errors, and its owner, tags and ticket, of which the newest row holds. '
    'Append-only. Kept for ever.';

CREATE INDEX fault_notes_by_time ON fault_notes (account, noted_at DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fault_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON fault_notes TO conexoes_writer;
GRANT SELECT ON fault_notes TO conexoes_reader;
ALTER TABLE fault_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON fault_notes TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON fault_notes FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE OR REPLACE FUNCTION compact_fault_changes(at_most integer) RETURNS integer
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
        INSERT INTO faults AS f (
            account, integration_type, fingerprint, results, received, first_seen_at, last_seen_at, last_received_at,
            code, category, message
        )
        SELECT account, integration_type, fingerprint,
            sum(results), sum(results), min(first_seen_at), max(last_seen_at), max(received_at),
            min(code), min(category), min(message)
        FROM gone GROUP BY 1, 2, 3
        ON CONFLICT (account, integration_type, fingerprint) DO UPDATE SET
            results = f.results + excluded.results,
            received = f.received + excluded.received,
            first_seen_at = least(f.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
            last_received_at = greatest(f.last_received_at, excluded.last_received_at),
            code = least(f.code, excluded.code),
            category = least(f.category, excluded.category),
            message = least(f.message, excluded.message)
    )
    SELECT count(*) INTO taken FROM gone;
    RETURN taken;
END
$function$;

-- Keeps that these faults have escalated, so that they are ignored no more. It waits for who adds up changes, which locks
-- rows in another order.
CREATE FUNCTION mark_escalated(accounts text[], integration_types text[], fingerprints text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('conexoes.faults'));
    UPDATE faults f SET escalated_at = clock_timestamp()
    FROM unnest(accounts, integration_types, fingerprints) AS e (account, integration_type, fingerprint)
    WHERE f.account = e.account AND f.integration_type = e.integration_type AND f.fingerprint = e.fingerprint;
END
$function$;

REVOKE ALL ON FUNCTION mark_escalated(text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mark_escalated(text[], text[], text[]) TO conexoes_writer;

-- migrate: rollback
