-- health: pauses that end by themselves and of some types only; sessions that their person sees and ends
-- depends: 0029_triage

-- migrate: apply

SET LOCAL lock_timeout = '2s';

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

-- Cookies tell who somebody is; a row tells them where they are signed in, and that a session is over.
CREATE TABLE sessions (
    id bytea PRIMARY KEY CHECK (length(id) = 32),    -- SHA-256 of the cookie's nonce
    owner bytea NOT NULL,                            -- the access key, as only who has the secret of sessions can tell
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),      -- within a minute
    expires_at timestamptz NOT NULL,                 -- of the cookie
    ended_at timestamptz,
    browser text NOT NULL,                           -- its User-Agent
    address text NOT NULL                            -- the visitor's, as this server saw it
);

COMMENT ON TABLE sessions IS
    'Sessions of the pages. They belong to no account, as a key may be of all. Kept until their cookies are too old.';

CREATE INDEX sessions_by_owner ON sessions (owner);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

INSERT INTO sessions (id, owner, expires_at, ended_at, browser, address)
SELECT sha256(nonce), '', expires_at, now(), '', '' FROM ended_sessions;
DROP TABLE ended_sessions;

GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO conexoes_writer;

-- migrate: rollback
