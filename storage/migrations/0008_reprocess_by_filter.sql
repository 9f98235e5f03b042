-- reprocess by filter: selections, counts, steps, pace, leases, affiliates, and an audit that nobody changes
-- depends: 0007_facets

-- migrate: apply

-- Who asked for what, when and why. Added to, and nothing else: not even the owner changes a row.
CREATE TABLE reprocess_audit (
    account text COLLATE "C" NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text COLLATE "C" NOT NULL CHECK (action IN ('requested', 'cancelled', 'stopped', 'paused', 'resumed')),
    command_id text COLLATE "C",
    affiliate text COLLATE "C",
    requested_by text NOT NULL,
    reason text,
    request jsonb NOT NULL,                  -- as it came: filter, as_of, pace and all
    -- The access key that it came with: requested_by is what its bearer says. Without a name: none, as through Kafka;
    -- without an id but with a name: the bootstrap key.
    key_id uuid,
    key_name text,
    PRIMARY KEY (account, id)
);

CREATE INDEX reprocess_audit_by_command ON reprocess_audit (account, command_id, at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is only added to', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$function$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reprocess_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

INSERT INTO reprocess_audit (account, at, action, command_id, requested_by, reason, request)
SELECT account, requested_at, 'requested', id, requested_by, reason, request FROM reprocess_commands;

ALTER TABLE reprocess_commands
    DROP COLUMN total,                       -- the sum of its counts, and nothing besides
    ADD COLUMN as_of timestamptz,            -- with a filter: what came later is left alone
    ADD COLUMN selected integer CHECK (selected >= 0),  -- logs that the filter matched when making began; null before
    ADD COLUMN per_second double precision CHECK (per_second > 0),  -- retries of one affiliate; null: the policy's
    ADD COLUMN steps integer[],              -- sizes of the steps; null: all at once
    ADD COLUMN fixed_share double precision, -- of a step, to go on with the next
    ADD COLUMN step integer NOT NULL DEFAULT 0,  -- index in steps; their number once the rest is released
    ADD COLUMN released integer,             -- items up to this position may be sent; null: all
    ADD COLUMN note text,                    -- why it was cancelled, in a sentence
    ADD COLUMN joined_since integer;         -- new failures that match the filter and came after as_of

CREATE INDEX reprocess_commands_running ON reprocess_commands (account, id) WHERE state = 'running';
CREATE INDEX reprocess_commands_cancelled ON reprocess_commands (account, id) WHERE state = 'cancelled';

-- How far the items of a command with a filter are made. Locked by whoever makes them, and by nobody else.
CREATE TABLE reprocess_selections (
    account text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    -- 'ending': all items are made; what joined is counted once more when the command is over.
    phase text COLLATE "C" NOT NULL CHECK (phase IN ('counting', 'unchanged', 'changed', 'joining', 'ending', 'made')),
    after_at timestamptz,                    -- the last log that was looked at in this phase; null: none yet
    after_id uuid,
    next_position integer NOT NULL DEFAULT 1,  -- of the next item to be queued, when there are steps
    failures integer NOT NULL DEFAULT 0,     -- in a row, that are the selection's own fault
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, command_id)
);

CREATE INDEX reprocess_selections_open ON reprocess_selections (touched_at) WHERE phase <> 'made';

ALTER TABLE reprocess_items
    DROP CONSTRAINT reprocess_items_state_check,
    ADD CONSTRAINT reprocess_items_state_check CHECK (state IN (
        'queued', 'sent', 'fixed', 'same_error', 'different_error', 'silent', 'failed', 'cancelled',
        'not_reprocessable', 'already_succeeded', 'in_flight', 'superseded', 'not_found', 'changed_since', 'paused')),
    ADD COLUMN before_message text,          -- its beginning
    ADD COLUMN after_message text,           -- its beginning
    ADD COLUMN after_fingerprint text COLLATE "C",
    ADD COLUMN position integer,             -- in its command, when that has steps
    ADD COLUMN claimed_until timestamptz;    -- when queued: a worker is sending it, and is given up then

ALTER TABLE reprocess_items SET (fillfactor = 75);  -- claiming one changes no index

DROP INDEX reprocess_items_queued;
CREATE INDEX reprocess_items_queued ON reprocess_items (account, command_id, affiliate, position, id) WHERE state = 'queued';
CREATE INDEX reprocess_items_by_position ON reprocess_items (account, command_id, position) WHERE position IS NOT NULL;
CREATE INDEX reprocess_items_by_state ON reprocess_items (account, command_id, state, id);

-- How many items of a command are in each state: kept by a trigger, so that it is true in every transaction.
CREATE TABLE reprocess_counts (
    account text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,     -- '' where there is no such log
    state text COLLATE "C" NOT NULL,
    items integer NOT NULL CHECK (items >= 0),
    PRIMARY KEY (account, command_id, affiliate, state)
) WITH (fillfactor = 50);

INSERT INTO reprocess_counts
SELECT account, command_id, coalesce(affiliate, ''), state, count(*) FROM reprocess_items GROUP BY 1, 2, 3, 4;

-- Rows in the order of their key, so that two transactions can't wait for each other.
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

-- Whether retries may go to an affiliate of an account. No row: they may.
CREATE TABLE affiliates (
    account text COLLATE "C" NOT NULL,
    affiliate text COLLATE "C" NOT NULL,
    -- By a person. All null or none, but for the reason.
    paused_at timestamptz,
    paused_by text,
    paused_reason text,
    -- By itself: schemas.breaker.Breaker.
    breaker text COLLATE "C" NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open', 'half_open')),
    changed_at timestamptz NOT NULL DEFAULT 'epoch',
    retry_at timestamptz,                    -- not closed: when one retry may be tried
    good integer NOT NULL DEFAULT 0,         -- answers since changed_at, older ones counting less
    bad integer NOT NULL DEFAULT 0,
    openings integer NOT NULL DEFAULT 0,     -- in a row
    PRIMARY KEY (account, affiliate),
    CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
    CHECK (breaker = 'closed' OR retry_at IS NOT NULL)
);

-- Token buckets: retries of one affiliate (of all accounts, '*') or of one command there, a second.
CREATE TABLE pace_buckets (
    account text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamptz NOT NULL,
    PRIMARY KEY (account, name)
);

-- A command that was accepted and that the agents could not take: why.
ALTER TABLE idempotency_keys
    ADD COLUMN refused text,
    ADD COLUMN key_id uuid,                  -- the access key that it came with, for the audit
    ADD COLUMN key_name text;

-- Agents whose sessions the owner of this function may not look into: neither a superuser, nor granted
-- pg_read_all_stats, nor a member of their login. Of such a session PostgreSQL shows its name, and not its times.
CREATE FUNCTION hidden_agents() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT count(*)::integer
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type IS NULL AND application_name LIKE 'conexoes-agents%'
$function$;

-- The latest time at which everything that had begun to be written is written: what a plan may call its `as_of`.
-- A batch of results that is still being stored has times from its beginning. Whoever keeps a transaction open for
-- more than a minute is not waited for; where agents are hidden, all of them may, so it is a minute ago.
CREATE FUNCTION settled_until() RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = conexoes, pg_temp AS $function$
    SELECT CASE WHEN hidden_agents() > 0 THEN transaction_timestamp() - interval '1 minute' ELSE greatest(
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

-- The writer moves commands and items along; what was asked for, it can't touch.
REVOKE UPDATE ON reprocess_commands, reprocess_items FROM conexoes_writer;
GRANT UPDATE (state, finished_at, selected, step, released, note, joined_since) ON reprocess_commands
    TO conexoes_writer;
GRANT UPDATE (
    state, reason, after_status, after_code, after_message, after_fingerprint, after_version, sent_at, expires_at,
    silent_at, answered_at, claimed_until
) ON reprocess_items TO conexoes_writer;
GRANT SELECT, INSERT ON reprocess_audit TO conexoes_writer;
GRANT SELECT, INSERT, UPDATE ON reprocess_selections, affiliates, pace_buckets TO conexoes_writer;
GRANT SELECT ON reprocess_counts TO conexoes_writer;
GRANT UPDATE (refused) ON idempotency_keys TO conexoes_writer;
GRANT SELECT ON reprocess_audit, reprocess_counts, reprocess_selections, affiliates TO conexoes_reader;

DO $policies$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'reprocess_audit', 'reprocess_counts', 'reprocess_selections', 'affiliates', 'pace_buckets'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY writer ON %I TO conexoes_writer USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO conexoes_reader
             USING (account = current_setting(''conexoes.account'', true))', name);
    END LOOP;
END
$policies$;

-- migrate: rollback

DROP FUNCTION settled_until(), hidden_agents();
ALTER TABLE idempotency_keys DROP COLUMN refused, DROP COLUMN key_id, DROP COLUMN key_name;
DROP TABLE pace_buckets, affiliates, reprocess_selections;
ALTER TABLE reprocess_commands ADD COLUMN total integer NOT NULL DEFAULT 0 CHECK (total >= 0);
UPDATE reprocess_commands c SET total = n.items
FROM (SELECT account, command_id, sum(items) AS items FROM reprocess_counts GROUP BY 1, 2) AS n
WHERE n.account = c.account AND n.command_id = c.id;
ALTER TABLE reprocess_commands ALTER COLUMN total DROP DEFAULT;
DROP TRIGGER count_made ON reprocess_items;
DROP TRIGGER count_moved ON reprocess_items;
DROP FUNCTION count_items();
DROP TABLE reprocess_counts;
DROP INDEX reprocess_items_queued, reprocess_items_by_position, reprocess_items_by_state, reprocess_commands_running,
    reprocess_commands_cancelled;
ALTER TABLE reprocess_items
    DROP COLUMN before_message, DROP COLUMN after_message, DROP COLUMN after_fingerprint, DROP COLUMN position,
    DROP COLUMN claimed_until;
ALTER TABLE reprocess_items RESET (fillfactor);
-- The version before knows no such state; that it was not sent is said by its reason.
UPDATE reprocess_items SET state = 'failed' WHERE state = 'cancelled';
UPDATE status_logs SET reprocess_state = 'failed' WHERE reprocess_state = 'cancelled';
ALTER TABLE reprocess_items
    DROP CONSTRAINT reprocess_items_state_check,
    ADD CONSTRAINT reprocess_items_state_check CHECK (state IN (
        'queued', 'sent', 'fixed', 'same_error', 'different_error', 'silent', 'failed',
        'not_reprocessable', 'already_succeeded', 'in_flight', 'superseded', 'not_found', 'changed_since', 'paused'));
CREATE INDEX reprocess_items_queued ON reprocess_items (created_at, id) WHERE state = 'queued';
ALTER TABLE reprocess_commands
    DROP COLUMN as_of, DROP COLUMN selected, DROP COLUMN per_second, DROP COLUMN steps, DROP COLUMN fixed_share,
    DROP COLUMN step, DROP COLUMN released, DROP COLUMN note, DROP COLUMN joined_since;
DROP TABLE reprocess_audit;
DROP FUNCTION refuse_change();
GRANT UPDATE ON reprocess_commands, reprocess_items TO conexoes_writer;
