-- the playbook: entries of an account, with everybody who changed them
-- depends: 0026_automatic_retries

-- migrate: apply

CREATE TABLE playbook_changes (
    account text COLLATE "C" NOT NULL,
    entry_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,  -- in the order of changes
    action text COLLATE "C" NOT NULL CHECK (action IN ('added', 'changed', 'removed')),
    entry jsonb,                             -- schemas.playbook.WrittenEntry; null when it was removed
    changed_by text NOT NULL,                -- as the person says
    key_id uuid,                             -- the access key that it came with; null: the bootstrap key
    key_name text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, entry_id, id),
    CHECK ((entry IS NULL) = (action = 'removed'))
);

COMMENT ON TABLE playbook_changes IS
    'Changes of an account''s own entries of the playbook, one row for each; of an entry the newest holds. '
    'Append-only: not even the owner changes a row. Kept for ever.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON playbook_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON playbook_changes TO conexoes_writer;
GRANT SELECT ON playbook_changes TO conexoes_reader;
ALTER TABLE playbook_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON playbook_changes TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON playbook_changes FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- migrate: rollback
