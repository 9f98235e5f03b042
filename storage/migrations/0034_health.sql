-- health: pauses that end by themselves and of some types only
-- depends: 0028_people

-- migrate: apply

ALTER TABLE affiliates
    ADD COLUMN paused_until timestamptz,             -- null: until somebody resumes it
    ADD COLUMN paused_types text[] COLLATE "C",      -- sorted; null: every type
    ADD CONSTRAINT affiliates_pause_check CHECK (
        (paused_at IS NOT NULL OR (paused_until IS NULL AND paused_types IS NULL)) AND paused_types <> '{}'
    );
CREATE INDEX affiliates_by_end_of_pause ON affiliates (paused_until) WHERE paused_until IS NOT NULL;

ALTER TABLE reprocess_audit
    DROP CONSTRAINT reprocess_audit_action_check,
    ADD CONSTRAINT reprocess_audit_action_check CHECK (action IN (
        'requested', 'cancelled', 'stopped', 'paused', 'resumed', 'pause_ended',
        'automatic_rule', 'automatic_off', 'automatic_on')) NOT VALID;

-- migrate: rollback
