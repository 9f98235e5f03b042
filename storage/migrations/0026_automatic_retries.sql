-- automatic retries: rules, the switch, failures that are watched, canaries; commands that wait, and ours
-- depends: 0025_notifications

-- migrate: apply

ALTER TABLE reprocess_commands
    ADD COLUMN automatic jsonb,              -- of ours: why, as schemas.reasons says it; null: somebody asked
    ADD COLUMN not_before timestamptz,       -- none of its items is sent before; null: at once
    ADD COLUMN when_back boolean NOT NULL DEFAULT false;  -- items of a paused affiliate wait for its end

ALTER TABLE reprocess_commands
    ADD CONSTRAINT reprocess_commands_automatic_check CHECK (automatic ? 'code' AND automatic ? 'parameters') NOT VALID;

-- For a ledger of people's commands alone, or of ours alone.
CREATE INDEX reprocess_commands_asked ON reprocess_commands (account, requested_at DESC, id DESC)
    WHERE automatic IS NULL;
CREATE INDEX reprocess_commands_automatic ON reprocess_commands (account, requested_at DESC, id DESC)
    WHERE automatic IS NOT NULL;
-- For those of the last day, whatever their account.
CREATE INDEX reprocess_commands_automatic_by_time ON reprocess_commands (accepted_at) WHERE automatic IS NOT NULL;

ALTER TABLE reprocess_audit
    DROP CONSTRAINT reprocess_audit_action_check,
    ADD CONSTRAINT reprocess_audit_action_check CHECK (action IN (
        'requested', 'cancelled', 'stopped', 'paused', 'resumed',
        'automatic_rule', 'automatic_off', 'automatic_on')) NOT VALID;

CREATE TABLE automatic_rules (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,     -- '*': every one
    change jsonb NOT NULL,                   -- schemas.automatic_rule.AutomaticChange
    set_by text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, integration_type, affiliate)
);

COMMENT ON TABLE automatic_rules IS
    'Changes to the rules of automatic retries, by people; reprocess_audit has the earlier ones. No row: the catalogue''s. '
    'Kept until they are taken back.';

GRANT SELECT, INSERT, UPDATE, DELETE ON automatic_rules TO conexoes_writer;
GRANT SELECT ON automatic_rules TO conexoes_reader;
ALTER TABLE automatic_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON automatic_rules TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON automatic_rules FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE automatic_off (
    account text COLLATE "C" PRIMARY KEY,
    set_by text NOT NULL,
    reason text,
    set_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE automatic_off IS
    'Accounts of which nothing is tried again by itself, since a person has switched it off. Kept until it is on again.';

GRANT SELECT, INSERT, DELETE ON automatic_off TO conexoes_writer;
GRANT SELECT ON automatic_off TO conexoes_reader;
ALTER TABLE automatic_off ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON automatic_off TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON automatic_off FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Only the worker that holds automatic_progress changes rows. With free space on each page: a try changes one index.
CREATE TABLE automatic_retries (
    account text COLLATE "C" NOT NULL,
    log_id uuid PRIMARY KEY REFERENCES status_logs (id) ON DELETE CASCADE,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    class text COLLATE "C" NOT NULL CHECK (class IN ('busy', 'transport', 'unknown')),
    code text COLLATE "C",                   -- of its gravest error
    fingerprint text COLLATE "C" NOT NULL,
    tries integer NOT NULL DEFAULT 0,        -- automatic retries since its last success
    next_at timestamptz                      -- null: there is no try left
) WITH (fillfactor = 75);

COMMENT ON TABLE automatic_retries IS
    'Failures that are tried again by themselves: how often they were, and when they are next. Kept until their log '
    'succeeds, or fails for a reason that is not retried.';

-- By lane, so that the next one is found without reading this one: failures of an unknown class are of a group each.
CREATE INDEX automatic_retries_due ON automatic_retries (
    account, integration_type, affiliate, class, tries, (CASE WHEN class = 'unknown' THEN fingerprint ELSE '' END), next_at
) WHERE next_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON automatic_retries TO conexoes_writer;
GRANT SELECT ON automatic_retries TO conexoes_reader;
ALTER TABLE automatic_retries ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON automatic_retries TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON automatic_retries FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE automatic_canaries (
    account text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    tries integer NOT NULL,                  -- canaries in a row that were not fixed
    tried_at timestamptz NOT NULL,
    next_at timestamptz,                     -- of the next canary; null: there is no try left
    command_id text COLLATE "C" NOT NULL,    -- of the last one
    PRIMARY KEY (account, integration_type, affiliate, fingerprint)
);

COMMENT ON TABLE automatic_canaries IS
    'Canaries of groups of equal errors whose class nobody knows. Kept for ever: one row for each group that was tried.';

GRANT SELECT, INSERT, UPDATE ON automatic_canaries TO conexoes_writer;
GRANT SELECT ON automatic_canaries TO conexoes_reader;
ALTER TABLE automatic_canaries ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON automatic_canaries TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON automatic_canaries FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Failures of before this migration are left as they are.
CREATE TABLE automatic_progress (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    received_until timestamptz NOT NULL      -- results that came until then have been looked at
);

INSERT INTO automatic_progress (received_until) VALUES (now());

COMMENT ON TABLE automatic_progress IS
    'One row: how far results have been looked at for automatic retries. Who locks it does that work. Kept for ever.';

GRANT SELECT, UPDATE (received_until) ON automatic_progress TO conexoes_writer;
ALTER TABLE automatic_progress ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON automatic_progress TO conexoes_writer USING (true) WITH CHECK (true);

-- The time before which every result that will ever be stored is: no agents have an open transaction that began earlier.
-- It leaves none out, however long it is open (PostgreSQL ends it after two minutes): what is looked at once is not looked
-- at again. Where agents are hidden, any of them may be that old.
CREATE FUNCTION all_stored_until() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT CASE WHEN hidden_agents() > 0 THEN transaction_timestamp() - interval '3 minutes' ELSE least(
        transaction_timestamp(), (
            SELECT min(xact_start) - interval '1 microsecond'
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
              AND application_name LIKE 'conexoes-agents%'
        )
    ) END
$function$;

REVOKE ALL ON FUNCTION all_stored_until() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION all_stored_until() TO conexoes_writer;

-- The latest time before which all writes are committed, so that a plan may use it as its `as_of`.
-- A batch of results that is still being stored has times from its beginning: agents are waited for as above. Of others
-- that write, transactions that are open for more than three minutes are ignored.
-- A standby sees no session of the primary: it knows what was committed up to the last commit that it has replayed (or,
-- before the first one, up to its last checkpoint), and everything that had begun three minutes earlier.
CREATE OR REPLACE FUNCTION settled_until() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT CASE WHEN pg_is_in_recovery() THEN least(
        transaction_timestamp(),
        coalesce(pg_last_xact_replay_timestamp(), (SELECT checkpoint_time FROM pg_control_checkpoint()))
    ) - interval '3 minutes' WHEN hidden_agents() > 0 THEN transaction_timestamp() - interval '3 minutes' ELSE least(
        transaction_timestamp(), (
            SELECT min(CASE WHEN application_name LIKE 'conexoes-agents%' THEN xact_start
                ELSE greatest(xact_start, transaction_timestamp() - interval '3 minutes') END) - interval '1 microsecond'
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
              AND (backend_xid IS NOT NULL OR application_name LIKE 'conexoes-agents%')
        )
    ) END
$function$;

-- migrate: rollback
