-- open_lanes --
-- Lanes of one type: one row for each running command and affiliate with items that may be sent now, and the state of its
-- breaker. Those that something holds back are none, however many: a person's pause, a breaker that is not to be tried yet,
-- steps that are not released, and tries that are not due.
-- `ready` is the number of items that may be sent. Uses reprocess_commands_running, the primary key of reprocess_counts,
-- reprocess_items_queued and reprocess_items_waiting_by_command.
SELECT
    n.account, n.command_id, n.affiliate, c.integration_type, c.per_second, c.automatic IS NOT NULL AS automatic,
    c.released, r.ready, b.state, b.changed_at, b.retry_at, b.good, b.bad, b.openings, b.in_a_row
FROM reprocess_counts n
JOIN reprocess_commands c ON c.account = n.account AND c.id = n.command_id AND c.state = 'running'
LEFT JOIN affiliates f ON f.account = n.account AND f.affiliate = n.affiliate
LEFT JOIN breakers b
    ON b.account = n.account AND b.affiliate = n.affiliate AND b.integration_type = c.integration_type
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.released IS NULL THEN n.items - (
        SELECT count(*) FROM reprocess_items i
        WHERE i.account = n.account AND i.command_id = n.command_id AND i.affiliate = n.affiliate
          AND i.not_before IS NOT NULL
    ) ELSE (
        SELECT count(*) FROM reprocess_items i
        WHERE i.account = n.account AND i.command_id = n.command_id AND i.affiliate = n.affiliate
          AND i.state = 'queued' AND i.not_before IS NULL AND i.position <= c.released
    ) END AS ready
    OFFSET 0  -- so that it is counted once, and not once more for the condition below
) AS r
WHERE n.state = 'queued' AND n.items > 0 AND c.integration_type = :integration_type::text
  AND (c.not_before IS NULL OR c.not_before <= now())
  AND ({pause_is_on} AND c.integration_type {pauses_type}) IS NOT TRUE
  AND (b.state IS NULL OR b.state = 'closed' OR b.retry_at <= clock_timestamp())
  AND r.ready > 0
ORDER BY c.accepted_at, n.account, n.command_id, n.affiliate
LIMIT :limit::integer

-- types_to_send --
-- Types of which some running command has items to send. Uses as open_lanes.
SELECT DISTINCT c.integration_type
FROM reprocess_counts n
JOIN reprocess_commands c ON c.account = n.account AND c.id = n.command_id AND c.state = 'running'
WHERE n.state = 'queued' AND n.items > 0 AND (c.not_before IS NULL OR c.not_before <= now())

-- claim_items --
-- Claim items of each lane, up to the position :released, for :lease_seconds. Items that another worker has claimed
-- are skipped, and those of a command that was cancelled since its lanes were read. `status` and `changed` are those of
-- the log now, and `last_event_id` is of the result that it shows now, whatever was asked about: the retry is about that
-- one. `outdated`: before_… are of an earlier one. Uses reprocess_items_queued, the primary keys of reprocess_commands and
-- status_logs, and attempts_by_log.
WITH claimed AS (
    SELECT
        i.account, i.id, i.log_id, c.traceparent, coalesce(newest.source, shown.source) AS last_source,
        coalesce(newest.event_id, shown.event_id) AS last_event_id
    FROM unnest(
        :account::text[], :command_id::text[], :affiliate::text[], :items::integer[], :released::integer[]
    ) AS lane (account, command_id, affiliate, items, released)
    JOIN reprocess_commands c ON c.account = lane.account AND c.id = lane.command_id AND c.state = 'running'
    CROSS JOIN LATERAL (
        SELECT q.account, q.id, q.log_id, q.after_version
        FROM reprocess_items q
        WHERE q.account = lane.account AND q.command_id = lane.command_id AND q.affiliate = lane.affiliate
          AND q.state = 'queued' AND q.not_before IS NULL AND (lane.released IS NULL OR q.position <= lane.released)
          AND (q.claimed_until IS NULL OR q.claimed_until < now())
        ORDER BY q.position, q.id
        LIMIT lane.items
        FOR UPDATE SKIP LOCKED
    ) AS i
    LEFT JOIN status_logs shown ON shown.account = i.account AND shown.id = i.log_id AND i.after_version IS NULL
    LEFT JOIN LATERAL ({last_but_answers}) AS newest ON i.after_version IS NOT NULL
)
UPDATE reprocess_items i
SET claimed_until = now() + make_interval(secs => :lease_seconds::double precision)
FROM claimed c
LEFT JOIN status_logs s ON s.account = c.account AND s.id = c.log_id
WHERE i.account = c.account AND i.id = c.id
RETURNING
    i.account, i.id, i.command_id, i.log_id, i.integration_type, i.affiliate, i.key, i.mode,
    CASE WHEN c.last_event_id IS NULL THEN i.before_source ELSE c.last_source END AS last_source,
    coalesce(c.last_event_id, i.before_event_id) AS last_event_id,
    c.last_event_id IS NOT NULL AND (c.last_source, c.last_event_id) IS DISTINCT FROM ({compared_with}) AS outdated,
    i.attempt, i.busy_answers, i.corrected, c.traceparent, coalesce(s.status, i.before_status) AS status, coalesce({changed_before_leaving}, false) AS changed,
    (
        SELECT coalesce(jsonb_object_agg(a.name, a.value ORDER BY a.value COLLATE "C"), '{}')
        FROM aliases_of(i.account, i.log_id) AS a
    ) AS aliases

-- compared_with --
-- Not a statement: source and id of the result of the item `i` that before_… are of.
coalesce(i.last_source, i.before_source), coalesce(i.last_event_id, i.before_event_id)

-- set_before --
-- Let before_… of items that leave be of the result that each retry is about, which is given with it. A success that lies
-- under a busy answer is none: the log fails, and before_… say still of what. Uses attempts_by_log.
UPDATE reprocess_items i
SET before_status = told.status, before_code = told.code, before_message = told.message,
    before_fingerprint = told.fingerprint, before_fingerprints = told.fingerprints,
    last_source = item.source, last_event_id = item.event_id
FROM {items_and_before}
CROSS JOIN LATERAL (
    SELECT a.status, a.code, left(a.message, {ITEM_MESSAGE_CHARACTERS}) AS message, a.fingerprint, ARRAY(
        SELECT DISTINCT each FROM unnest(array_append(a.other_fingerprints, a.fingerprint)) AS each
        WHERE each IS NOT NULL ORDER BY each
    ) AS fingerprints
    {attempt_before}
) AS told
WHERE i.account = item.account AND i.id = item.id AND i.state = 'queued' AND told.status <> 'success'

-- items_and_before --
-- Items, each with its log and a result of that.
unnest(:account::text[], :id::uuid[], :log_id::uuid[], :source::text[], :event_id::text[])
    AS item (account, id, log_id, source, event_id)

-- attempt_before --
-- The attempt of the result that is given with `item`, if it is still kept. Uses attempts_by_log.
FROM attempts a
WHERE a.account = item.account AND a.log_id = item.log_id AND a.event_id = item.event_id
  AND (item.source IS NULL OR a.source = item.source)
ORDER BY a.version DESC
LIMIT 1

-- request_of_attempt --
((CASE WHEN a.structured THEN a.body::json -> 'data' ELSE a.body::json END) -> 'request')::text

-- kept_requests --
-- The request that is kept with the result that is given with each item, as JSON with every digit as it came; without one, and
-- after its retention, no row. Uses attempts_by_log.
SELECT item.id, kept.request
FROM {items_and_before}
CROSS JOIN LATERAL (
    SELECT {request_of_attempt} AS request
    {attempt_before}
) AS kept
WHERE kept.request <> 'null'

-- kept_traces --
-- The `traceparent` of the result that is given with each item, as text; without one, and after its retention, no row. Uses
-- attempts_by_log.
SELECT item.id, kept.traceparent
FROM {items_and_before}
CROSS JOIN LATERAL (
    SELECT (CASE WHEN a.structured THEN a.body ELSE a.extensions END)::json ->> 'traceparent' AS traceparent
    {attempt_before}
) AS kept
WHERE kept.traceparent IS NOT NULL

-- release_claims --
-- Release items that were claimed and not sent.
UPDATE reprocess_items i
SET claimed_until = NULL
FROM unnest(:account::text[], :id::uuid[]) AS claimed (account, id)
WHERE i.account = claimed.account AND i.id = claimed.id AND i.state = 'queued'

-- make_buckets --
INSERT INTO pace_buckets (account, name, tokens, refilled_at)
SELECT account, name, tokens, clock_timestamp()
FROM unnest(:account::text[], :name::text[], :tokens::double precision[]) AS bucket (account, name, tokens)
ORDER BY account, name
ON CONFLICT DO NOTHING

-- lock_buckets --
SELECT b.account, b.name, b.tokens, b.refilled_at
FROM pace_buckets b
JOIN unnest(:account::text[], :name::text[]) AS named (account, name) USING (account, name)
ORDER BY b.account, b.name
FOR UPDATE OF b

-- set_buckets --
UPDATE pace_buckets b
SET tokens = new.tokens, refilled_at = new.refilled_at
FROM unnest(:account::text[], :name::text[], :tokens::double precision[], :refilled_at::timestamptz[])
    AS new (account, name, tokens, refilled_at)
WHERE b.account = new.account AND b.name = new.name
