-- all_stored_until --
-- See migrations/0026_automatic_retries.sql. To be run on its own, before the snapshot of the caller.
SELECT all_stored_until()

-- lock_automatic_progress --
-- How far results have been looked at; no row while another worker does this work.
SELECT received_until FROM automatic_progress FOR UPDATE SKIP LOCKED

-- move_automatic_progress --
UPDATE automatic_progress SET received_until = :until::timestamptz

-- results_until --
-- When the :many-th result after :since came; :until, if that is earlier or there are fewer. Uses attempts_with_evidence.
SELECT least(:until::timestamptz, (
    SELECT a.received_at FROM attempts a
    WHERE a.received_at > :since::timestamptz AND a.evidence_expired_at IS NULL
    ORDER BY a.received_at
    LIMIT 1 OFFSET :many::integer - 1
))

-- results_to_class --
-- Results after :since up to :until, oldest first: those that failed, with what says why, and of logs that are watched
-- also those that did not. Up to :limit, and all of the last one's transaction. Evidence of more than 64 KiB says
-- nothing, nor does a message after :characters; errors of more are not read. What followed
-- a canary is told by its position. Uses attempts_with_evidence and the primary keys.
SELECT
    a.account, a.log_id, a.integration_type, a.affiliate, a.status, a.version, a.code, a.fingerprint, a.received_at,
    a.item_id IS NOT NULL AS answers,
    (
        SELECT i.id FROM reprocess_items i
        JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id
        WHERE i.account = a.account AND i.id = a.item_id AND i.position > 1 AND i.state NOT IN ({OPEN_ITEM_STATES})
          AND c.automatic IS NOT NULL
    ) AS followed_item_id,
    left(said.message, :characters::integer) AS message,
    CASE WHEN octet_length(said.errors::text) <= 65536 THEN said.errors::text END AS errors,
    coalesce(octet_length(said.errors::text) > 65536, false) AS too_long,
    CASE WHEN octet_length(said.response::text) <= 65536 THEN said.response::text END AS response
FROM attempts a
-- Takes the body apart once: each operator of JSON would do so anew. Of a success there is nothing to take.
CROSS JOIN LATERAL json_to_record(
    CASE WHEN a.status <> 'success' THEN CASE WHEN a.structured THEN a.body::json -> 'data' ELSE a.body::json END END
) AS said (message text, errors json, response json)
WHERE a.received_at > :since::timestamptz AND a.received_at <= :until::timestamptz AND a.evidence_expired_at IS NULL
  AND NOT a.late
  AND (a.status <> 'success' OR EXISTS (SELECT FROM automatic_retries r WHERE r.log_id = a.log_id))
ORDER BY a.received_at
FETCH FIRST (:limit::integer) ROWS WITH TIES

-- read_watched --
SELECT r.log_id, r.tries, r.next_at, r.followed_item_id FROM automatic_retries r
WHERE r.log_id = ANY(:log_ids::uuid[])

-- watch --
-- Watch failures. Their logs are locked against erasure only, in the order of the key; those that are erased already are
-- left out.
INSERT INTO automatic_retries AS r
    (account, log_id, integration_type, affiliate, class, code, fingerprint, tries, next_at, followed_item_id)
SELECT
    f.account, s.id, f.integration_type, f.affiliate, f.class, f.code, f.fingerprint, f.tries, f.next_at,
    f.followed_item_id
FROM (SELECT s.id FROM status_logs s WHERE s.id = ANY(:log_id::uuid[]) ORDER BY s.id FOR KEY SHARE OF s) AS s
JOIN unnest(
    :account::text[], :log_id::uuid[], :integration_type::text[], :affiliate::text[], :class_::text[], :code::text[],
    :fingerprint::text[], :tries::integer[], :next_at::timestamptz[], :followed_item_id::uuid[]
) AS f (account, log_id, integration_type, affiliate, class, code, fingerprint, tries, next_at, followed_item_id)
    ON f.log_id = s.id
ON CONFLICT (log_id) DO UPDATE SET
    class = excluded.class, code = excluded.code, fingerprint = excluded.fingerprint, tries = excluded.tries,
    next_at = excluded.next_at, followed_item_id = excluded.followed_item_id

-- unwatch --
DELETE FROM automatic_retries WHERE log_id = ANY(:log_ids::uuid[])

-- unwatch_all --
-- Up to :limit of them, of every account.
DELETE FROM automatic_retries
WHERE log_id IN (SELECT r.log_id FROM automatic_retries r LIMIT :limit::integer)
RETURNING log_id

-- due_lanes --
-- What is due at :at, by lane: failures of one type, affiliate and class that were tried equally often, and of one group
-- where nobody knows the class. Accounts that are switched off, affiliates that are paused, what an earlier command
-- is to be sent before, and groups whose canary is not due or on its way wait; so does a lane of which nothing was due
-- by :gathered, and of which there are fewer than :many. Reads one row of each lane, by automatic_retries_due, however
-- many there are, and up to :many of one that is gathered.
WITH RECURSIVE lanes AS (
    (
        SELECT {lane} FROM automatic_retries r WHERE r.next_at IS NOT NULL
        ORDER BY 1, 2, 3, 4, 5, 6, 7
        LIMIT 1
    )
    UNION ALL
    SELECT following.* FROM lanes l
    CROSS JOIN LATERAL (
        SELECT {lane} FROM automatic_retries r
        WHERE r.next_at IS NOT NULL AND (r.account, r.integration_type, r.affiliate, r.class, r.tries, {lane_group})
            > (l.account, l.integration_type, l.affiliate, l.class, l.tries, l.lane_group)
        ORDER BY 1, 2, 3, 4, 5, 6, 7
        LIMIT 1
    ) AS following
)
SELECT
    lane.account, lane.integration_type, lane.affiliate, lane.class AS class_, lane.tries,
    nullif(lane.lane_group, '') AS fingerprint
FROM lanes lane
WHERE lane.since <= :at::timestamptz
  AND (lane.since <= :gathered::timestamptz OR EXISTS (
      SELECT FROM automatic_retries r
      WHERE r.account = lane.account AND r.integration_type = lane.integration_type AND r.affiliate = lane.affiliate
        AND r.class = lane.class AND r.tries = lane.tries AND {lane_group} = lane.lane_group
        AND r.next_at <= :at::timestamptz
      LIMIT 1 OFFSET :many::integer - 1
  ))
  AND NOT EXISTS (SELECT FROM automatic_off o WHERE o.account = lane.account)
  AND NOT EXISTS (
      SELECT FROM affiliates f
      WHERE f.account = lane.account AND f.affiliate = lane.affiliate AND {pause_is_on}
        AND lane.integration_type {pauses_type}
  )
  AND (lane.lane_group <> '' OR NOT EXISTS ({queue}))
  AND NOT EXISTS (
      SELECT FROM automatic_canaries k
      LEFT JOIN reprocess_commands c ON c.account = k.account AND c.id = k.command_id
      WHERE k.account = lane.account AND k.integration_type = lane.integration_type AND k.affiliate = lane.affiliate
        AND k.fingerprint = lane.lane_group AND (k.next_at > :at::timestamptz OR c.state IN ({OPEN_COMMAND_STATES}))
  )
ORDER BY lane.since, lane.tries, lane.account, lane.integration_type, lane.affiliate, lane.class, lane.lane_group
LIMIT :limit::integer

-- lane --
-- Not a statement: the lane of failure r, and its time.
r.account, r.integration_type, r.affiliate, r.class, r.tries, {lane_group} AS lane_group, r.next_at AS since

-- lane_group --
-- Not a statement: the group of failure r where nobody knows its class, else ''. An index has it in these words.
(CASE WHEN r.class = 'unknown' THEN r.fingerprint ELSE '' END)

-- queue --
-- Not a statement: items of an automatic command that wait to be sent where a lane's are, at once: neither as a canary's
-- group nor after a busy answer. Uses reprocess_commands_running and reprocess_items_queued.
SELECT FROM reprocess_commands c
JOIN reprocess_items i
    ON i.account = c.account AND i.command_id = c.id AND i.affiliate = lane.affiliate AND i.state = 'queued'
WHERE c.account = lane.account AND c.state = 'running' AND c.automatic IS NOT NULL AND c.steps IS NULL
  AND c.integration_type = lane.integration_type AND i.not_before IS NULL

-- due_logs --
-- The logs of a lane that are due, longest first; none while its account is switched off. Uses automatic_retries_due.
SELECT r.log_id, r.code, r.fingerprint
FROM automatic_retries r
WHERE r.account = :account::text AND r.integration_type = :integration_type::text AND r.affiliate = :affiliate::text
  AND r.class = :class_::text AND r.tries = :tries::integer AND r.next_at <= :at::timestamptz
  AND {lane_group} = coalesce(:fingerprint::text, '')
  AND NOT EXISTS (SELECT FROM automatic_off o WHERE o.account = :account::text)
ORDER BY r.next_at, r.log_id
LIMIT :limit::integer

-- is_automatic_queue --
-- True while something is to be sent before a lane is.
SELECT EXISTS ({queue})
FROM (
    SELECT :account::text AS account, :integration_type::text AS integration_type, :affiliate::text AS affiliate
) AS lane

-- set_next_try --
UPDATE automatic_retries SET tries = tries + :more::integer, next_at = :next_at::timestamptz
WHERE log_id = ANY(:log_ids::uuid[])

-- set_fingerprint --
UPDATE automatic_retries r SET fingerprint = f.fingerprint, next_at = :next_at::timestamptz
FROM unnest(:log_ids::uuid[], :fingerprints::text[]) AS f (log_id, fingerprint)
WHERE r.log_id = f.log_id

-- read_canary --
-- The canary of a group, and what became of its command: it was fixed where its step was released, or, where it was all
-- of the command, by its own outcome. Uses the primary keys and reprocess_items_by_position.
SELECT k.tries, k.tried_at, k.next_at, c.state IN ({OPEN_COMMAND_STATES}) AS is_open,
    c.step > 0 OR EXISTS (
        SELECT FROM reprocess_items i
        WHERE i.account = c.account AND i.command_id = c.id AND i.position = 1 AND i.state IN ('fixed', 'healed')
    ) AS is_fixed
FROM automatic_canaries k
JOIN reprocess_commands c ON c.account = k.account AND c.id = k.command_id
WHERE k.account = :account::text AND k.integration_type = :integration_type::text AND k.affiliate = :affiliate::text
  AND k.fingerprint = :fingerprint::text

-- set_canary --
INSERT INTO automatic_canaries
    (account, integration_type, affiliate, fingerprint, tries, tried_at, next_at, command_id)
VALUES (
    :account::text, :integration_type::text, :affiliate::text, :fingerprint::text, :tries::integer,
    :tried_at::timestamptz, :next_at::timestamptz, :command_id::text
)
ON CONFLICT (account, integration_type, affiliate, fingerprint) DO UPDATE SET
    tries = excluded.tries, tried_at = excluded.tried_at, next_at = excluded.next_at, command_id = excluded.command_id

-- automatic_rules --
-- The changes of an account, or of several. Uses the primary key.
SELECT account, integration_type, affiliate, change, set_by, set_at
FROM automatic_rules
WHERE account = ANY(:accounts::text[])
ORDER BY account, integration_type, affiliate

-- set_automatic_rule --
INSERT INTO automatic_rules AS r (account, integration_type, affiliate, change, set_by)
VALUES (:account::text, :integration_type::text, :affiliate::text, :change::jsonb, :set_by::text)
ON CONFLICT (account, integration_type, affiliate) DO UPDATE
SET change = excluded.change, set_by = excluded.set_by, set_at = now()
WHERE r.change <> excluded.change
RETURNING affiliate

-- take_back_automatic_rule --
DELETE FROM automatic_rules
WHERE account = :account::text AND integration_type = :integration_type::text AND affiliate = :affiliate::text
RETURNING affiliate

-- switch_automatic_off --
INSERT INTO automatic_off (account, set_by, reason) VALUES (:account::text, :set_by::text, :reason::text)
ON CONFLICT (account) DO NOTHING
RETURNING account

-- switch_automatic_on --
DELETE FROM automatic_off WHERE account = :account::text RETURNING account

-- read_automatic_off --
SELECT o.set_by, o.reason, o.set_at, (
    SELECT a.key_name FROM reprocess_audit a
    WHERE a.account = o.account AND a.command_id IS NULL AND a.action = 'automatic_off'
    ORDER BY a.at DESC
    LIMIT 1
) AS set_with
FROM automatic_off o
WHERE o.account = :account::text

-- automatic_commands_to_stop --
-- Open automatic commands of accounts that are switched off; with :all, of every account. Uses
-- reprocess_commands_running; one that is automatic is running once its items are made, in the same transaction.
SELECT c.account, c.id
FROM reprocess_commands c
WHERE c.state = 'running' AND c.automatic IS NOT NULL
  AND (:all::boolean OR EXISTS (SELECT FROM automatic_off o WHERE o.account = c.account))

-- automatic_outcomes --
-- Items of the automatic commands of the last day, of all accounts, by state. Uses reprocess_commands_automatic_by_time
-- and the primary key of reprocess_counts.
SELECT n.state, sum(n.items)::integer AS items
FROM reprocess_commands c
JOIN reprocess_counts n ON n.account = c.account AND n.command_id = c.id
WHERE c.automatic IS NOT NULL AND c.accepted_at > now() - interval '1 day'
GROUP BY n.state
