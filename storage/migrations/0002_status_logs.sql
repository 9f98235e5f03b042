-- status logs, aliases, received results, attempts
-- depends: 0001_roles

-- migrate: apply

-- One row an entity: its result with the highest version. Written by sql/fold.sql only.
CREATE TABLE status_logs (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,                        -- schemas.identity.log_id
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('success', 'warning', 'error')),
    processed_at timestamptz NOT NULL,
    version bytea NOT NULL,                  -- schemas.version: of two results the greater one is shown
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    message text,
    code text COLLATE "C",
    fingerprint text COLLATE "C",
    attempts integer NOT NULL CHECK (attempts > 0),
    first_seen_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The last reprocess, copied from reprocess_items in the same transaction. All null or none.
    reprocess_state text COLLATE "C",
    reprocess_item_id uuid,
    reprocess_command_id text COLLATE "C",
    reprocess_at timestamptz,
    PRIMARY KEY (account, id),
    CHECK (num_nulls(reprocess_state, reprocess_item_id, reprocess_command_id, reprocess_at) IN (0, 4))
) WITH (fillfactor = 85);

CREATE INDEX status_logs_by_time ON status_logs (account, integration_type, processed_at DESC, id DESC);
CREATE INDEX status_logs_by_key ON status_logs (account, key, integration_type);
CREATE INDEX status_logs_reprocessed ON status_logs (account, integration_type, reprocess_state, processed_at DESC, id DESC)
    WHERE reprocess_state IS NOT NULL;

-- Every name of an entity but its key.
CREATE TABLE aliases (
    account text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, log_id, name, value)
);

CREATE INDEX aliases_by_value ON aliases (account, value, log_id);

-- One row a result ever received: what makes a second delivery a no-op, whatever time it claims.
-- Apart from attempts, since a unique key of a partitioned table would have to contain the time.
CREATE TABLE received_results (
    account text COLLATE "C" NOT NULL,
    result_id uuid NOT NULL,                 -- schemas.identity.result_id
    PRIMARY KEY (account, result_id)
);

-- One row a result, by month of processed_at; dropped a month at a time by maintain_attempts().
CREATE TABLE attempts (
    account text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    processed_at timestamptz NOT NULL,
    result_id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    version bytea NOT NULL,
    source text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    message text,
    code text COLLATE "C",
    fingerprint text COLLATE "C",
    item_id uuid,                            -- the reprocess item that it answers
    body text NOT NULL,                      -- JSON: `data`, or the whole event when structured
    structured boolean NOT NULL,
    late boolean NOT NULL,                   -- a newer result was here already
    altered boolean NOT NULL,                -- NUL or lone surrogates were replaced
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, log_id, processed_at, result_id)
) PARTITION BY RANGE (processed_at);

-- Attempts of months without a partition: dropped ones, and ones that maintenance did not make in time.
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

-- migrate: rollback

DROP TABLE attempts, received_results, aliases, status_logs;
