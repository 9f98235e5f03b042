-- is_redrivable --
-- Condition of letters that a redrive takes: those that wait, and those of which nobody has heard for an hour since they
-- were published, as after a topic was emptied. Only results are redriven.
{is_due} AND topic = ANY(:topics::text[])

-- is_due --
(state = 'waiting' OR state = 'sent' AND state_at < now() - interval '1 hour')

-- last_edit --
-- Not a statement: the edit that is published in place of the letter `d`, if it has one.
FROM dead_letter_edits e
WHERE e.account = d.account AND e.letter_id = d.id
ORDER BY e.number DESC
LIMIT 1

-- letters_to_read --
-- Letters that a redrive of a filter would take, as they would be published, in the order in which they came, after
-- (:after_at, :after_id).
SELECT d.account, d.id, topic, key, headers, received_at, coalesce((SELECT e.value {last_edit}), d.value) AS value
FROM ({dead_letters_seen}) AS d
WHERE {is_redrivable} AND received_at <= :as_of::timestamptz
  AND (received_at, d.id) > (:after_at::timestamptz, :after_id::uuid)
ORDER BY received_at, d.id
LIMIT :limit::integer

-- count_redrivable --
-- How many letters a filter matches by state and topic, how many of each a redrive would take, and how many it would leave
-- for their topic alone.
SELECT
    state, topic, count(*) AS letters, count(*) FILTER (WHERE {is_redrivable}) AS redrivable,
    count(*) FILTER (WHERE {is_due} AND topic <> ALL(:topics::text[])) AS of_no_results
FROM ({dead_letters_seen}) AS seen
WHERE received_at <= :as_of::timestamptz
GROUP BY state, topic

-- make_redrive --
-- Takes the letters of a filter that can be redriven, in the order in which they came. Returns how many.
WITH chosen AS (
    SELECT account, id, row_number() OVER (ORDER BY received_at, topic, partition, "offset", position)::integer AS number
    FROM ({dead_letters_seen}) AS seen
    WHERE {is_redrivable} AND received_at <= :as_of::timestamptz
),
letters AS MATERIALIZED (
    SELECT d.account, d.id, c.number
    FROM dead_letters d JOIN chosen c ON d.account = c.account AND d.id = c.id
    ORDER BY d.account, d.id
    FOR UPDATE OF d
),
taken AS (
    UPDATE dead_letters d SET state = 'queued', state_at = now(), redrive_id = :redrive_id::uuid
    FROM letters c
    -- Again, for one that another redrive has taken meanwhile.
    WHERE d.account = c.account AND d.id = c.id AND d.state IN ('waiting', 'sent')
    RETURNING d.account, d.id, c.number
),
made AS (
    INSERT INTO redrives (account, id, state, letters, per_second, request, requested_by, key_name, reason)
    SELECT
        :account::text, :redrive_id::uuid, CASE WHEN count(*) = 0 THEN 'done' ELSE 'running' END, count(*)::integer,
        :per_second::integer, :request::jsonb, :requested_by::text, :key_name::text, :reason::text
    FROM taken
    RETURNING letters
),
items AS (
    INSERT INTO redrive_items (account, redrive_id, number, letter_account, letter_id)
    SELECT :account::text, :redrive_id::uuid, number, account, id FROM taken
)
SELECT letters FROM made

-- claim_redrive --
-- Leases the next letters of the redrive that has waited longest, at the pace of that redrive: up to :most, of up to
-- :most_bytes together, or one. Without any left it is done. A lease that has ended is a worker that was killed.
-- :but are redrives that are left out, an array.
WITH due AS (
    SELECT account, id, per_second FROM redrives
    WHERE state = 'running' AND next_at <= now() AND id <> ALL (:but::uuid[])
    ORDER BY next_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
),
next AS (
    SELECT i.account, i.redrive_id, i.number, i.letter_account, i.letter_id
    FROM redrive_items i JOIN due ON i.account = due.account AND i.redrive_id = due.id
    WHERE i.state = 'queued' AND (i.leased_until IS NULL OR i.leased_until < now())
    ORDER BY i.number
    LIMIT (SELECT least(:most::integer, per_second) FROM due)
    FOR UPDATE OF i SKIP LOCKED
),
-- Their letters were deleted meanwhile, as by retention: there is nothing to send.
gone AS (
    UPDATE redrive_items i SET
        state = 'failed', reason = :letter_erased::jsonb, changed_at = now(), leased_until = NULL
    FROM next n
    WHERE i.account = n.account AND i.redrive_id = n.redrive_id AND i.number = n.number
      AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.account = n.letter_account AND d.id = n.letter_id)
    RETURNING i.number
),
measured AS (
    SELECT published.*, sum(bytes) OVER (ORDER BY number) - bytes AS bytes_before
    FROM (
        SELECT next.*, coalesce((SELECT octet_length(e.value) {last_edit}), d.value_bytes) AS bytes
        FROM next JOIN dead_letters d ON d.account = next.letter_account AND d.id = next.letter_id
    ) AS published
),
leased AS (
    UPDATE redrive_items i SET leased_until = now() + make_interval(secs => :lease_seconds::float8)
    FROM measured m
    WHERE i.account = m.account AND i.redrive_id = m.redrive_id AND i.number = m.number
      AND m.bytes_before < :most_bytes::bigint
    RETURNING i.account, i.redrive_id, i.number, i.letter_account, i.letter_id
),
paced AS (
    UPDATE redrives r SET
        state = CASE
            WHEN EXISTS (
                SELECT FROM redrive_items q
                WHERE q.account = r.account AND q.redrive_id = r.id AND q.state = 'queued'
                  AND q.number NOT IN (SELECT number FROM gone)
            ) THEN r.state
            ELSE 'done'
        END,
        -- Without any leased now, others have the rest: until their leases end there is nothing to do.
        next_at = CASE
            WHEN n.leased = 0 AND EXISTS (SELECT FROM gone) THEN now()
            WHEN n.leased = 0 THEN now() + interval '1 second'
            ELSE greatest(r.next_at, now() - interval '1 second')
                + make_interval(secs => n.leased::float8 / r.per_second)
        END
    FROM due, (SELECT count(*) AS leased FROM leased) AS n
    WHERE r.account = due.account AND r.id = due.id
)
SELECT
    l.account, l.redrive_id, l.number, l.letter_account, l.letter_id, d.topic, d.key, d.headers,
    coalesce((SELECT e.value {last_edit}), d.value) AS value
FROM leased l JOIN dead_letters d ON d.account = l.letter_account AND d.id = l.letter_id
ORDER BY l.number

-- release_redrive --
-- Ends the lease of letters that were not sent.
UPDATE redrive_items i SET leased_until = NULL
FROM unnest(:account::text[], :redrive_id::uuid[], :number::integer[]) AS l (account, redrive_id, number)
WHERE i.account = l.account AND i.redrive_id = l.redrive_id AND i.number = l.number AND i.state = 'queued'

-- step_back_redrive --
-- Leases nothing of a redrive for :seconds.
UPDATE redrives SET next_at = greatest(next_at, now() + make_interval(secs => :seconds::float8))
WHERE account = :account AND id = :id

-- locked_as_told --
-- Every statement that changes items and letters locks first: items in the order of their key, here those of `told`, ...
FROM redrive_items i JOIN told t ON i.account = t.account AND i.redrive_id = t.redrive_id AND i.number = t.number
ORDER BY i.account, i.redrive_id, i.number
FOR UPDATE OF i

-- locked_letters --
-- ... then the letters of `items` in that of theirs. Who counts them waits until all are locked.
letters AS MATERIALIZED (
    SELECT d.account, d.id
    FROM dead_letters d JOIN items i ON d.account = i.letter_account AND d.id = i.letter_id
    ORDER BY d.account, d.id
    FOR UPDATE OF d
)

-- mark_redriven --
-- Letters that Kafka took. Their outcome may be known already; a letter of a redrive that was cancelled meanwhile was sent
-- all the same.
WITH told AS (
    SELECT * FROM unnest(
        :account::text[], :redrive_id::uuid[], :number::integer[], :partition::integer[], :offset::bigint[]
    ) AS t (account, redrive_id, number, partition, "offset")
),
items AS MATERIALIZED (
    SELECT i.account, i.redrive_id, i.number, i.letter_account, i.letter_id, t.partition, t."offset"
    {locked_as_told}
),
{locked_letters},
sent AS (
    UPDATE redrive_items i SET
        state = CASE WHEN i.state IN ('queued', 'cancelled') THEN 'sent' ELSE i.state END,
        partition = t.partition, "offset" = t."offset", changed_at = now()
    FROM items t
    WHERE i.account = t.account AND i.redrive_id = t.redrive_id AND i.number = t.number
      AND (SELECT count(*) FROM letters) >= 0
    RETURNING i.letter_account, i.letter_id, i.redrive_id, i.state
)
UPDATE dead_letters d SET state = 'sent', state_at = now()
FROM sent s
WHERE d.account = s.letter_account AND d.id = s.letter_id AND d.redrive_id = s.redrive_id AND s.state = 'sent'
  AND d.state IN ('queued', 'waiting')

-- mark_not_redriven --
-- Letters that were not sent: `still_refused` or `failed`, with the reason. They wait again.
WITH told AS (
    SELECT * FROM unnest(
        :account::text[], :redrive_id::uuid[], :number::integer[], :state::text[], :reason::jsonb[]
    ) AS t (account, redrive_id, number, state, reason)
),
items AS MATERIALIZED (
    SELECT i.account, i.redrive_id, i.number, i.letter_account, i.letter_id, t.state, t.reason
    {locked_as_told}
),
{locked_letters},
refused AS (
    UPDATE redrive_items i SET state = t.state, reason = t.reason, changed_at = now()
    FROM items t
    WHERE i.account = t.account AND i.redrive_id = t.redrive_id AND i.number = t.number AND i.state = 'queued'
      AND (SELECT count(*) FROM letters) >= 0
    RETURNING i.letter_account, i.letter_id, i.redrive_id
)
UPDATE dead_letters d SET state = 'waiting', state_at = now()
FROM refused r
WHERE d.account = r.letter_account AND d.id = r.letter_id AND d.redrive_id = r.redrive_id AND d.state = 'queued'

-- settle_redriven --
-- What became of redriven letters, as it is stored: `stored` or `conflict` with a log, `refused` with a new dead letter or a reason. Of
-- a record with several events the gravest counts. Told of a letter of another account, it changes nothing. An earlier redrive of the
-- same letter, which may be cancelled, keeps its outcome.
WITH told AS (
    SELECT * FROM unnest(
        :letter_id::uuid[], :redrive_id::uuid[], :account::text[], :state::text[], :log_id::uuid[], :again_id::uuid[],
        :reason::jsonb[]
    ) AS t (letter_id, redrive_id, account, state, log_id, again_id, reason)
),
one AS (
    SELECT
        letter_id, redrive_id, (array_agg(account))[1] AS account,
        CASE WHEN bool_or(state = 'refused') THEN 'refused' WHEN bool_or(state = 'conflict') THEN 'conflict' ELSE 'stored' END
            AS state,
        (array_agg(log_id) FILTER (WHERE log_id IS NOT NULL))[1] AS log_id,
        (array_agg(again_id) FILTER (WHERE again_id IS NOT NULL))[1] AS again_id,
        (array_agg(reason) FILTER (WHERE reason IS NOT NULL))[1] AS reason
    FROM told
    GROUP BY letter_id, redrive_id
),
items AS MATERIALIZED (
    SELECT i.account, i.redrive_id, i.number, i.letter_account, i.letter_id, one.state, one.log_id, one.again_id, one.reason
    FROM redrive_items i JOIN one ON i.letter_id = one.letter_id AND i.redrive_id = one.redrive_id
    WHERE i.letter_account = '' OR one.account IN ('', i.letter_account)
    ORDER BY i.account, i.redrive_id, i.number
    FOR UPDATE OF i
),
{locked_letters},
settled AS (
    UPDATE redrive_items i SET
        state = CASE WHEN i.state = 'refused' OR i.state = 'conflict' AND one.state = 'stored' THEN i.state ELSE one.state END,
        log_id = coalesce(i.log_id, one.log_id), again_id = coalesce(i.again_id, one.again_id),
        reason = coalesce(i.reason, one.reason), changed_at = now()
    FROM items one
    WHERE i.account = one.account AND i.redrive_id = one.redrive_id AND i.number = one.number
      AND (SELECT count(*) FROM letters) >= 0
      AND i.state IN ('queued', 'sent', 'cancelled', 'stored', 'refused', 'conflict')
    RETURNING i.letter_account, i.letter_id, i.redrive_id, i.state
)
UPDATE dead_letters d SET state = s.state, state_at = now()
FROM settled s
WHERE d.account = s.letter_account AND d.id = s.letter_id AND d.redrive_id = s.redrive_id AND d.state <> 'erased'

-- list_redrives --
-- One page of an account's redrives, newest first, after (:after_at, :after_id), with their items by state. Items
-- of letters that name no account are for callers of :every_account, as these letters are.
SELECT
    r.account, r.id, r.state, r.letters, r.per_second, r.request, r.requested_by, r.key_name, r.reason, r.requested_at,
    (
        SELECT jsonb_object_agg(state, number) FROM (
            SELECT i.state, count(*) AS number FROM redrive_items i
            WHERE i.account = r.account AND i.redrive_id = r.id
              AND (i.letter_account <> '' OR :every_account::boolean)
            GROUP BY i.state
        ) AS counted
    ) AS items
FROM redrives r
WHERE r.account = :account::text AND (:id::uuid IS NULL OR r.id = :id::uuid)
  AND (r.requested_at, r.id) < (:after_at::timestamptz, :after_id::uuid)
ORDER BY r.requested_at DESC, r.id DESC
LIMIT :limit::integer

-- count_letters_of_log --
-- How many letters became results of a log by a redrive of this account. Uses redrive_items_by_log.
SELECT count(*) FROM redrive_items WHERE log_id = :log_id::uuid AND account = :account::text

-- list_redrive_acts --
-- What people did to one redrive, oldest first.
SELECT at, action, letters, requested_by, key_name, reason FROM dead_letter_audit
WHERE account = :account::text AND redrive_id = :id::uuid
ORDER BY id

-- list_redrive_items --
-- One page of the letters of a redrive, in the order in which they are sent, after number :after. Those of
-- letters that name no account are for callers of :every_account.
SELECT
    i.number, i.letter_id, i.state, i.changed_at, i.partition, i."offset", i.log_id, i.again_id, i.reason,
    l.integration_type
FROM redrive_items i LEFT JOIN status_logs l ON l.id = i.log_id
WHERE i.account = :account::text AND i.redrive_id = :redrive_id::uuid AND i.number > :after::integer
  AND (i.letter_account <> '' OR :every_account::boolean)
  AND (:state::text IS NULL OR i.state = :state::text)
ORDER BY i.number
LIMIT :limit::integer

-- switch_redrive --
-- Pauses, resumes or cancels a redrive. No row when it is not in one of the states :of.
UPDATE redrives SET state = :to::text, next_at = now()
WHERE account = :account::text AND id = :id::uuid AND state = ANY(:of::text[])
RETURNING letters

-- cancel_redrive_items --
-- The queued letters of a cancelled redrive wait again. Returns how many.
WITH items AS MATERIALIZED (
    SELECT i.number, i.letter_account, i.letter_id FROM redrive_items i
    WHERE i.account = :account::text AND i.redrive_id = :id::uuid AND i.state = 'queued'
    ORDER BY i.number
    FOR UPDATE
),
{locked_letters},
cancelled AS (
    UPDATE redrive_items i SET state = 'cancelled', changed_at = now()
    FROM items
    WHERE i.account = :account::text AND i.redrive_id = :id::uuid AND i.number = items.number AND i.state = 'queued'
      AND (SELECT count(*) FROM letters) >= 0
    RETURNING i.letter_account, i.letter_id
),
waiting AS (
    UPDATE dead_letters d SET state = 'waiting', state_at = now()
    FROM cancelled c
    WHERE d.account = c.letter_account AND d.id = c.letter_id AND d.redrive_id = :id::uuid AND d.state = 'queued'
)
SELECT count(*)::integer FROM cancelled
