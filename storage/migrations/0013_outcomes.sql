-- outcomes: a breaker for each type of an affiliate
-- depends: 0011_positions

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

-- migrate: rollback
