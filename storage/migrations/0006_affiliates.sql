-- affiliates: pauses, breakers, and the pace of retries
-- depends: 0005_reprocess

-- migrate: apply

CREATE TABLE affiliates (
    account text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    -- The pause by a person. All null or none, but for the reason.
    paused_at timestamptz,
    paused_by text,
    paused_reason text,
    -- The breaker: schemas.breaker.Breaker.
    breaker text COLLATE "C" NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open', 'half_open')),
    changed_at timestamptz NOT NULL DEFAULT 'epoch',
    retry_at timestamptz,                    -- not closed: time of the next test retry
    good integer NOT NULL DEFAULT 0,         -- answers since changed_at, older ones counting less
    bad integer NOT NULL DEFAULT 0,
    openings integer NOT NULL DEFAULT 0,     -- in a row
    PRIMARY KEY (account, affiliate),
    CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
    CHECK (breaker = 'closed' OR retry_at IS NOT NULL)
);

COMMENT ON TABLE affiliates IS
    'Pauses and breakers of the affiliates of an account. No row: retries may be sent. Kept for ever.';

GRANT SELECT, INSERT, UPDATE ON affiliates TO conexoes_writer;
GRANT SELECT ON affiliates TO conexoes_reader;
ALTER TABLE affiliates ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON affiliates TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON affiliates FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE pace_buckets (
    account text COLLATE "C" NOT NULL,       -- '*': of all accounts
    name text COLLATE "C" NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamptz NOT NULL,
    PRIMARY KEY (account, name)
);

COMMENT ON TABLE pace_buckets IS
    'Token buckets: retries of one affiliate, or of one command there, a second. Kept for ever.';

GRANT SELECT, INSERT, UPDATE ON pace_buckets TO conexoes_writer;
ALTER TABLE pace_buckets ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON pace_buckets TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON pace_buckets FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- migrate: rollback
