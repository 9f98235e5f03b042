-- make_breakers --
-- In the order of the key.
INSERT INTO breakers (account, affiliate, integration_type)
SELECT DISTINCT account, affiliate, integration_type
FROM unnest(:account::text[], :affiliate::text[], :integration_type::text[])
    AS named (account, affiliate, integration_type)
ORDER BY account, affiliate, integration_type
ON CONFLICT DO NOTHING

-- lock_breakers --
-- Those that there are.
SELECT
    b.account, b.affiliate, b.integration_type, b.state, b.changed_at, b.retry_at, b.good, b.bad, b.openings, b.in_a_row
FROM breakers b
JOIN unnest(:account::text[], :affiliate::text[], :integration_type::text[])
    AS named (account, affiliate, integration_type) USING (account, affiliate, integration_type)
ORDER BY b.account, b.affiliate, b.integration_type
FOR UPDATE OF b

-- set_breakers --
UPDATE breakers b
SET state = new.state, changed_at = new.changed_at, retry_at = new.retry_at, good = new.good, bad = new.bad,
    openings = new.openings, in_a_row = new.in_a_row
FROM unnest(
    :account::text[], :affiliate::text[], :integration_type::text[], :state::text[], :changed_at::timestamptz[],
    :retry_at::timestamptz[], :good::integer[], :bad::integer[], :openings::integer[], :in_a_row::integer[]
) AS new (
    account, affiliate, integration_type, state, changed_at, retry_at, good, bad, openings, in_a_row
)
WHERE b.account = new.account AND b.affiliate = new.affiliate AND b.integration_type = new.integration_type

-- close_breakers --
-- Of all types of an affiliate, since a person has decided. Locked in the order of the key, as count_answers does.
WITH locked AS (
    SELECT b.account, b.affiliate, b.integration_type
    FROM breakers b
    WHERE b.account = :account::text AND b.affiliate = :affiliate::text AND b.state <> 'closed'
    ORDER BY b.integration_type
    FOR UPDATE OF b
)
{close_locked}

-- close_idle_breakers --
-- Those that a retry could have tried for :idle_seconds, while there was none: nothing is queued, and no answer is awaited.
-- Uses the primary keys of breakers and reprocess_counts, and reprocess_commands_running.
WITH locked AS (
    SELECT b.account, b.affiliate, b.integration_type
    FROM breakers b
    WHERE b.state <> 'closed' AND b.retry_at < now() - make_interval(secs => :idle_seconds::double precision)
      AND NOT EXISTS (
          SELECT FROM reprocess_commands c
          JOIN reprocess_counts n
              ON n.account = c.account AND n.command_id = c.id AND n.affiliate = b.affiliate
              AND n.state IN ({OPEN_ITEM_STATES}) AND n.items > 0
          WHERE c.account = b.account AND c.state = 'running' AND c.integration_type = b.integration_type
      )
    ORDER BY b.account, b.affiliate, b.integration_type
    FOR UPDATE OF b SKIP LOCKED
)
{close_locked}

-- close_locked --
-- Not a statement.
UPDATE breakers b
SET state = 'closed', changed_at = now(), retry_at = NULL, good = 0, bad = 0, openings = 0, in_a_row = 0
FROM locked l
WHERE b.account = l.account AND b.affiliate = l.affiliate AND b.integration_type = l.integration_type
RETURNING b.account, b.affiliate, b.integration_type

-- suspended_types --
-- Breakers of an account that are not closed. Uses the primary key.
SELECT b.affiliate, b.integration_type, b.state, b.changed_at, b.retry_at, b.retry_at <= now() AS may_be_tried
FROM breakers b
WHERE b.account = :account::text AND b.state <> 'closed'
ORDER BY b.affiliate, b.integration_type
