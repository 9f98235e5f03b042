-- activity: what people did in an account, with the key they came by
-- depends: 0022_upgrades_and_recounts

-- migrate: apply

-- Acts that have no audit of their own: on access keys and saved views, and exports of the activity itself.
CREATE TABLE account_audit (
    account text COLLATE "C" NOT NULL,          -- '*': a key for every account
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('key', 'view', 'export')),
    action text COLLATE "C" NOT NULL CHECK (
        action IN ('created', 'invited', 'joined', 'revoked', 'saved', 'deleted', 'exported')
    ),
    about jsonb NOT NULL,                       -- schemas.activity.Activity.about
    requested_by text NOT NULL,
    key_id uuid,
    key_name text,                              -- null: from the command line
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE account_audit IS
    'Who made, accepted and revoked access keys, saved and deleted views, and exported the activity. Append-only. '
    'Kept for ever.';

CREATE INDEX account_audit_by_time ON account_audit (account, at DESC);
-- The activity of an account is read by time from every audit; each is small.
CREATE INDEX reprocess_audit_by_time ON reprocess_audit (account, at DESC);
CREATE INDEX dead_letter_audit_by_time ON dead_letter_audit (account, at DESC);
CREATE INDEX fault_states_by_time ON fault_states (account, set_at DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON account_audit TO conexoes_writer;
-- A reader may add its exports, and nothing else, as to the audit of dead letters.
GRANT SELECT, INSERT ON account_audit TO conexoes_reader;
ALTER TABLE account_audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON account_audit TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON account_audit FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));
CREATE POLICY exporter ON account_audit FOR INSERT TO conexoes_reader
    WITH CHECK (account = current_setting('conexoes.account', true) AND kind = 'export' AND action = 'exported');

-- The key that a person came by, as every other audit has it. Null: none, or before 0028.
ALTER TABLE fault_states ADD COLUMN key_name text;
ALTER TABLE exports ADD COLUMN key_name text;

-- migrate: rollback
