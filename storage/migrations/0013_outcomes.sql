-- outcomes: healed and busy items, all faults before and after, what was sent, a breaker for each type
-- depends: 0012_errors

-- migrate: apply

-- A marketplace that throttles prices may still take tracking codes. Breakers that are open now start closed: five busy
-- answers open them again.
CREATE TABLE breakers (
    account text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'closed' CHECK (state IN ('closed', 'open', 'half_open')),
    changed_at timestamptz NOT NULL DEFAULT 'epoch',
    retry_at timestamptz,                    -- not closed: time of the next test retry
    good integer NOT NULL DEFAULT 0,         -- answers since changed_at, older ones counting less
    bad integer NOT NULL DEFAULT 0,
    openings integer NOT NULL DEFAULT 0,     -- in a row
    in_a_row integer NOT NULL DEFAULT 0,     -- bad answers since the last good one
    PRIMARY KEY (account, affiliate, integration_type),
    CHECK (state = 'closed' OR retry_at IS NOT NULL)
);

COMMENT ON TABLE breakers IS
    'Breakers, by type and affiliate: schemas.breaker.Breaker. No row: retries may be sent. Kept for ever.';

GRANT SELECT, INSERT, UPDATE ON breakers TO conexoes_writer;
GRANT SELECT ON breakers TO conexoes_reader;
ALTER TABLE breakers ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON breakers TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON breakers FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

ALTER TABLE affiliates
    DROP COLUMN breaker, DROP COLUMN changed_at, DROP COLUMN retry_at, DROP COLUMN good, DROP COLUMN bad,
    DROP COLUMN openings;
COMMENT ON TABLE affiliates IS
    'Pauses of the affiliates of an account, by people. No row: retries may be sent. Kept for ever.';

-- Items that are healed or busy; what an item was sent as, and every fault before and after.
ALTER TABLE reprocess_items
    ADD COLUMN before_source text COLLATE "C",          -- of the result with before_event_id: an id is unique within it
    ADD COLUMN before_fingerprints text[] COLLATE "C",  -- all faults of what is reprocessed, sorted
    ADD COLUMN after_fingerprints text[] COLLATE "C",   -- all faults of the answer, sorted; empty on success
    ADD COLUMN healed_at timestamptz,
    ADD COLUMN busy_answers integer NOT NULL DEFAULT 0, -- to this item; each is followed by a longer pause
    ADD COLUMN not_before timestamptz,                  -- when queued again: not sent before then, since the answer was busy
    ADD COLUMN sent_digest bytea CHECK (length(sent_digest) = 32),  -- SHA-256 of the retry's value, as sent last
    ADD COLUMN sent_partition integer,                  -- of its retry topic
    ADD COLUMN sent_offset bigint;

ALTER TABLE reprocess_items
    DROP CONSTRAINT reprocess_items_state_check,
    ADD CONSTRAINT reprocess_items_state_check CHECK (state IN (
        'queued', 'sent', 'fixed', 'healed', 'same_error', 'different_error', 'busy', 'silent', 'failed', 'cancelled',
        'not_reprocessable', 'already_succeeded', 'in_flight', 'not_found', 'changed_since', 'paused',
        'reason_required')),
    ADD CONSTRAINT reprocess_items_busy_check CHECK (state <> 'busy' OR (answered_at IS NOT NULL AND after_status IS NOT NULL)),
    ADD CONSTRAINT reprocess_items_not_before_check CHECK (not_before IS NULL OR state = 'queued');

CREATE INDEX reprocess_items_waiting ON reprocess_items (not_before) WHERE not_before IS NOT NULL;
CREATE INDEX reprocess_items_waiting_by_command ON reprocess_items (account, command_id) WHERE not_before IS NOT NULL;
-- For the outcomes of items with several faults; reprocess_items_by_fingerprint has the others.
CREATE INDEX reprocess_items_by_fingerprints ON reprocess_items USING gin (before_fingerprints)
    WHERE cardinality(before_fingerprints) > 1;

GRANT UPDATE (
    after_fingerprints, healed_at, busy_answers, not_before, mode, sent_digest, sent_partition, sent_offset
) ON reprocess_items TO conexoes_writer;

ALTER TABLE reprocess_commands
    ADD COLUMN traceparent text,             -- of the command's event: W3C Trace Context; its retries have it too
    ADD COLUMN modes text[] COLLATE "C";     -- in which items of it were sent, sorted, whatever was asked for
GRANT UPDATE (modes) ON reprocess_commands TO conexoes_writer;

-- migrate: rollback
