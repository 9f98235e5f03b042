-- reprocess commands, items and idempotency keys
-- depends: 0003_attempt_partitions

-- migrate: apply

-- Who asked for what. Nobody but the owner can delete a command or an item.
CREATE TABLE reprocess_commands (
    account text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,            -- CloudEvents id of the command
    integration_type text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('accepted', 'running', 'done', 'cancelled')),
    mode text COLLATE "C" NOT NULL CHECK (mode IN ('replay', 'refresh')),
    requested_by text NOT NULL,
    reason text,
    request jsonb NOT NULL,                  -- `data` of the command as it came
    total integer NOT NULL CHECK (total >= 0),
    requested_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (account, id)
);

CREATE INDEX reprocess_commands_by_time ON reprocess_commands (account, requested_at DESC, id DESC);

-- What a command did to one entity. States: schemas.reprocess.ItemState.
CREATE TABLE reprocess_items (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,                        -- schemas.identity.item_id; CloudEvents id of the retry
    command_id text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C",              -- null: no such log
    key text COLLATE "C",
    state text COLLATE "C" NOT NULL CHECK (state IN (
        'queued', 'sent', 'fixed', 'same_error', 'different_error', 'silent', 'failed',
        'not_reprocessable', 'already_succeeded', 'in_flight', 'superseded', 'not_found', 'changed_since', 'paused')),
    reason text,                             -- why it was refused or failed
    mode text COLLATE "C" NOT NULL CHECK (mode IN ('replay', 'refresh')),
    before_status text COLLATE "C",
    before_code text COLLATE "C",
    before_fingerprint text COLLATE "C",
    before_event_id text COLLATE "C",
    after_status text COLLATE "C",
    after_code text COLLATE "C",
    after_version bytea,                     -- of several answers the one with the greatest version counts
    attempt integer,                         -- of this entity, 1 is its first reprocess; null when refused
    joined_item_id uuid,                     -- when in_flight: the item that it joined
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    expires_at timestamptz,                  -- when sent: the answer is awaited until then
    silent_at timestamptz,
    answered_at timestamptz,
    PRIMARY KEY (account, id),
    CHECK (state NOT IN ('sent', 'silent') OR (sent_at IS NOT NULL AND expires_at IS NOT NULL)),
    CHECK (state NOT IN ('fixed', 'same_error', 'different_error') OR (answered_at IS NOT NULL AND after_status IS NOT NULL))
);

-- The law of design section 4: an entity has at most one item in flight.
CREATE UNIQUE INDEX reprocess_items_in_flight ON reprocess_items (account, log_id) WHERE state IN ('queued', 'sent');
CREATE INDEX reprocess_items_queued ON reprocess_items (created_at, id) WHERE state = 'queued';
CREATE INDEX reprocess_items_awaited ON reprocess_items (expires_at) WHERE state = 'sent';
CREATE INDEX reprocess_items_by_command ON reprocess_items (account, command_id, id);
CREATE INDEX reprocess_items_by_log ON reprocess_items (account, log_id, created_at);

-- Answers to POST /commands/reprocess: the same key is the same command. Until the agents have recorded a command,
-- this is where it is shown from, as accepted.
CREATE TABLE idempotency_keys (
    account text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    body_digest bytea NOT NULL CHECK (length(body_digest) = 32),  -- SHA-256
    request jsonb NOT NULL,                  -- `data` of the command
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,                -- null: Kafka may not have it
    PRIMARY KEY (account, key)
);

CREATE INDEX idempotency_keys_by_command ON idempotency_keys (account, command_id);

-- migrate: rollback

DROP TABLE idempotency_keys, reprocess_items, reprocess_commands;
