-- reprocess: the audit, commands, selections of filters, items and their counts, idempotency keys
-- depends: 0004_attempts

-- migrate: apply

CREATE TABLE reprocess_audit (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text COLLATE "C" NOT NULL CHECK (action IN ('requested', 'cancelled', 'stopped', 'paused', 'resumed')),
    command_id text COLLATE "C",
    affiliate text COLLATE "C",
    requested_by text NOT NULL,
    reason text,                             -- in the words of the person; for our own actions see the note
    request jsonb NOT NULL,                  -- as it came, with filter, as_of and pace
    -- The access key of the request, whose bearer says requested_by. Without a name: no key, as through Kafka; without
    -- an id but with a name: the bootstrap key.
    key_id uuid,
    key_name text,
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE reprocess_audit IS
    'The audit: author, action, time and reason. Append-only: not even the owner changes a row. Kept for ever.';

CREATE INDEX reprocess_audit_by_command ON reprocess_audit (account, command_id, at);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reprocess_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON reprocess_audit TO conexoes_writer;
GRANT SELECT ON reprocess_audit TO conexoes_reader;
ALTER TABLE reprocess_audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON reprocess_audit TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON reprocess_audit FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- It has no total, which is the sum of its reprocess_counts.
CREATE TABLE reprocess_commands (
    account text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,            -- CloudEvents id of the command
    integration_type text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('accepted', 'running', 'done', 'cancelled')),
    mode text COLLATE "C" NOT NULL CHECK (mode IN ('replay', 'refresh')),
    requested_by text NOT NULL,
    reason text,
    request jsonb NOT NULL,                  -- `data` of the command as it came
    requested_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    as_of timestamptz,                       -- with a filter: logs that changed later are left out
    selected integer CHECK (selected >= 0),  -- logs that the filter matched when materialising began; null before
    per_second double precision CHECK (per_second > 0),  -- retries of one affiliate; null: the policy's
    steps integer[],                         -- sizes of the steps; null: all at once
    fixed_share double precision,            -- of a step's items, needed to go on with the next
    step integer NOT NULL DEFAULT 0,         -- index in steps; their number once the rest is released
    released integer,                        -- items up to this position may be sent; null: all
    -- Why it was cancelled: schemas.reasons.
    note jsonb CHECK (note ? 'code' AND note ? 'parameters'),
    joined_since integer,                    -- new failures that match the filter and came after as_of
    PRIMARY KEY (account, id)
);

COMMENT ON TABLE reprocess_commands IS
    'One row for each command: the request and its progress. Only the owner can delete one. Kept for ever.';

CREATE INDEX reprocess_commands_by_time ON reprocess_commands (account, requested_at DESC, id DESC);
CREATE INDEX reprocess_commands_running ON reprocess_commands (account, id) WHERE state = 'running';
CREATE INDEX reprocess_commands_cancelled ON reprocess_commands (account, id) WHERE state = 'cancelled';

-- The writer may change the state of a command, not its request.
GRANT SELECT, INSERT ON reprocess_commands TO conexoes_writer;
GRANT UPDATE (state, finished_at, selected, step, released, note, joined_since) ON reprocess_commands TO conexoes_writer;
GRANT SELECT ON reprocess_commands TO conexoes_reader;
ALTER TABLE reprocess_commands ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON reprocess_commands TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON reprocess_commands FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Only the worker that materialises the items locks a row.
CREATE TABLE reprocess_selections (
    account text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    -- 'ending': all items are materialised; new failures are counted once more when the command is over.
    phase text COLLATE "C" NOT NULL CHECK (phase IN ('counting', 'unchanged', 'changed', 'joining', 'ending', 'made')),
    after_at timestamptz,                    -- the last log that was looked at in this phase; null: none yet
    after_id uuid,
    next_position integer NOT NULL DEFAULT 1,  -- of the next item to be queued, when there are steps
    failures integer NOT NULL DEFAULT 0,     -- in a row, that are the selection's own fault
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, command_id)
);

COMMENT ON TABLE reprocess_selections IS
    'Progress of materialising the items of a command with a filter. Kept for ever.';

CREATE INDEX reprocess_selections_open ON reprocess_selections (touched_at) WHERE phase <> 'made';

GRANT SELECT, INSERT, UPDATE ON reprocess_selections TO conexoes_writer;
GRANT SELECT ON reprocess_selections TO conexoes_reader;
ALTER TABLE reprocess_selections ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON reprocess_selections TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON reprocess_selections FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- States: schemas.item_state.ItemState. With free space on each page, since claiming an item changes no index.
CREATE TABLE reprocess_items (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL,                        -- schemas.identity.item_id; CloudEvents id of the retry
    command_id text COLLATE "C" NOT NULL,
    log_id uuid NOT NULL,
    integration_type text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C",              -- null: no such log
    key text COLLATE "C",
    state text COLLATE "C" NOT NULL CHECK (state IN (
        'queued', 'sent', 'fixed', 'same_error', 'different_error', 'silent', 'failed', 'cancelled',
        'not_reprocessable', 'already_succeeded', 'in_flight', 'not_found', 'changed_since', 'paused',
        'reason_required')),
    -- Why it was refused or failed: schemas.reasons. Pages and the API make the sentence.
    reason jsonb CHECK (reason ? 'code' AND reason ? 'parameters'),
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
    ended_at timestamptz,                    -- failed, or cancelled; an answer may come to the latter all the same
    before_message text,                     -- its beginning
    after_message text,                      -- its beginning
    after_fingerprint text COLLATE "C",
    position integer,                        -- in its command, when the command has steps
    claimed_until timestamptz,               -- when queued: end of the lease of the worker that is sending it
    PRIMARY KEY (account, id),
    CHECK (state NOT IN ('sent', 'silent') OR (sent_at IS NOT NULL AND expires_at IS NOT NULL)),
    CHECK (state NOT IN ('fixed', 'same_error', 'different_error') OR (answered_at IS NOT NULL AND after_status IS NOT NULL))
) WITH (fillfactor = 75);

COMMENT ON TABLE reprocess_items IS
    'One row for each entity of a command: the state and outcome of its reprocess. '
    'Only the owner can delete one. Kept for ever.';

-- An entity has at most one item in flight.
CREATE UNIQUE INDEX reprocess_items_in_flight ON reprocess_items (account, log_id) WHERE state IN ('queued', 'sent');
CREATE INDEX reprocess_items_queued ON reprocess_items (account, command_id, affiliate, position, id) WHERE state = 'queued';
CREATE INDEX reprocess_items_awaited ON reprocess_items (expires_at) WHERE state = 'sent';
CREATE INDEX reprocess_items_by_command ON reprocess_items (account, command_id, id);
CREATE INDEX reprocess_items_by_position ON reprocess_items (account, command_id, position) WHERE position IS NOT NULL;
CREATE INDEX reprocess_items_by_state ON reprocess_items (account, command_id, state, id);
CREATE INDEX reprocess_items_by_log ON reprocess_items (account, log_id, created_at);
-- For the outcomes of items that were requested because of a fault.
CREATE INDEX reprocess_items_by_fingerprint ON reprocess_items (account, before_fingerprint, state)
    WHERE before_fingerprint IS NOT NULL;

-- The writer may change the state of an item, not its request.
GRANT SELECT, INSERT ON reprocess_items TO conexoes_writer;
GRANT UPDATE (
    state, reason, after_status, after_code, after_message, after_fingerprint, after_version, sent_at, expires_at,
    silent_at, answered_at, ended_at, claimed_until
) ON reprocess_items TO conexoes_writer;
GRANT SELECT ON reprocess_items TO conexoes_reader;
ALTER TABLE reprocess_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON reprocess_items TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON reprocess_items FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

CREATE TABLE reprocess_counts (
    account text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,     -- '' where there is no such log
    state text COLLATE "C" NOT NULL,
    items integer NOT NULL CHECK (items >= 0),
    PRIMARY KEY (account, command_id, affiliate, state)
) WITH (fillfactor = 50);

COMMENT ON TABLE reprocess_counts IS
    'Items of a command by state, counted by a trigger, so that counts are exact in every transaction. '
    'Kept for ever.';

GRANT SELECT ON reprocess_counts TO conexoes_writer, conexoes_reader;
ALTER TABLE reprocess_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON reprocess_counts TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON reprocess_counts FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Rows are locked in the order of their key, so that there are no deadlocks.
CREATE FUNCTION count_items() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
DECLARE
    changed record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO reprocess_counts AS c (account, command_id, affiliate, state, items)
        SELECT account, command_id, coalesce(affiliate, ''), state, count(*)
        FROM made GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (account, command_id, affiliate, state) DO UPDATE SET items = c.items + excluded.items;
        RETURN NULL;
    END IF;
    FOR changed IN
        SELECT account, command_id, affiliate, state, sum(change)::integer AS change
        FROM (
            SELECT account, command_id, coalesce(affiliate, '') AS affiliate, state, 1 AS change FROM after
            UNION ALL
            SELECT account, command_id, coalesce(affiliate, ''), state, -1 FROM before
        ) AS each
        GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0 ORDER BY 1, 2, 3, 4
    LOOP
        INSERT INTO reprocess_counts AS c (account, command_id, affiliate, state, items)
        VALUES (changed.account, changed.command_id, changed.affiliate, changed.state, greatest(changed.change, 0))
        ON CONFLICT (account, command_id, affiliate, state) DO UPDATE SET items = c.items + changed.change;
    END LOOP;
    RETURN NULL;
END
$function$;

CREATE TRIGGER count_made AFTER INSERT ON reprocess_items
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION count_items();
CREATE TRIGGER count_moved AFTER UPDATE ON reprocess_items
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_items();

-- Until the agents have recorded a command, it is shown from here, as accepted.
CREATE TABLE idempotency_keys (
    account text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    body_digest bytea NOT NULL CHECK (length(body_digest) = 32),  -- SHA-256
    request jsonb NOT NULL,                  -- `data` of the command
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,                -- null: Kafka may not have it
    -- Why the agents could not record an accepted command: schemas.reasons.
    refused jsonb CHECK (refused ? 'code' AND refused ? 'parameters'),
    revoked_at timestamptz,                  -- answered with 503: the agents leave it, should Kafka have it after all
    key_id uuid,                             -- the access key that it came with, for the audit
    key_name text,
    PRIMARY KEY (account, key)
);

COMMENT ON TABLE idempotency_keys IS
    'Answers to POST /commands/reprocess: the same key is the same command. '
    'Kept for CONEXOES_IDEMPOTENCY_RETENTION_DAYS and until the command is recorded.';

CREATE INDEX idempotency_keys_by_command ON idempotency_keys (account, command_id);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

GRANT SELECT, INSERT ON idempotency_keys TO conexoes_writer;
GRANT UPDATE (published_at, refused, revoked_at) ON idempotency_keys TO conexoes_writer;
GRANT SELECT ON idempotency_keys TO conexoes_reader;
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON idempotency_keys TO conexoes_writer USING (true) WITH CHECK (true);
CREATE POLICY reader ON idempotency_keys FOR SELECT TO conexoes_reader
    USING (account = current_setting('conexoes.account', true));

-- Deletes up to `most` idempotency keys that are older than `retention_days`. Returns their number.
-- A key whose command is in Kafka but not recorded by the agents yet is the only trace of that command: it stays.
CREATE FUNCTION forget_idempotency_keys(retention_days integer, most integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    WITH expired AS (
        SELECT account, key FROM idempotency_keys k
        WHERE created_at < now() - kept_for(retention_days)
          AND (published_at IS NULL
               OR EXISTS (SELECT FROM reprocess_commands c WHERE c.account = k.account AND c.id = k.command_id))
        ORDER BY created_at
        LIMIT most
        FOR UPDATE SKIP LOCKED
    ),
    deleted AS (
        DELETE FROM idempotency_keys k USING expired e WHERE k.account = e.account AND k.key = e.key RETURNING 1
    )
    SELECT count(*)::integer FROM deleted
$function$;

REVOKE ALL ON FUNCTION forget_idempotency_keys(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_idempotency_keys(integer, integer) TO conexoes_writer;

-- Agents whose sessions the owner of this function may not read, being neither a superuser, nor granted
-- pg_read_all_stats, nor a member of their login. PostgreSQL shows the name of such a session, and not its times.
CREATE FUNCTION hidden_agents() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT count(*)::integer
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type IS NULL AND application_name LIKE 'conexoes-agents%'
$function$;

-- The latest time before which all writes are committed, so that a plan may use it as its `as_of`.
-- A batch of results that is still being stored has times from its beginning. Transactions that are open for more than
-- a minute are ignored; where agents are hidden, any of them may be so old, so the answer is a minute ago.
-- A standby sees no session of the primary: it knows what was committed up to the last commit that it has replayed (or,
-- before the first one, up to its last checkpoint), and everything that had begun a minute earlier.
CREATE FUNCTION settled_until() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT CASE WHEN pg_is_in_recovery() THEN least(
        transaction_timestamp(),
        coalesce(pg_last_xact_replay_timestamp(), (SELECT checkpoint_time FROM pg_control_checkpoint()))
    ) - interval '1 minute' WHEN hidden_agents() > 0 THEN transaction_timestamp() - interval '1 minute' ELSE greatest(
        least(transaction_timestamp(), (
            SELECT min(xact_start) - interval '1 microsecond'
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
              AND (backend_xid IS NOT NULL OR application_name LIKE 'conexoes-agents%')
        )),
        transaction_timestamp() - interval '1 minute'
    ) END
$function$;

REVOKE ALL ON FUNCTION hidden_agents(), settled_until() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hidden_agents(), settled_until() TO conexoes_writer, conexoes_reader;

-- migrate: rollback
