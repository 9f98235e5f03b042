-- insert_command --
-- A command whose id is stored already is not inserted again, and no row comes back. A command whose time is impossible is
-- dated now: agents may have been away for a day, and clocks may be some minutes ahead.
INSERT INTO reprocess_commands (
    account, id, integration_type, state, mode, requested_by, reason, request, requested_at,
    as_of, per_second, steps, fixed_share, released, traceparent, automatic, not_before, when_back, ignored_groups
)
VALUES (
    :account::text, :id::text, :integration_type::text, 'accepted', :mode::text, :requested_by::text, :reason::text,
    :request::jsonb,
    CASE
        WHEN :requested_at::timestamptz BETWEEN now() - interval '1 day' AND now() + interval '5 minutes'
        THEN :requested_at::timestamptz
        ELSE now()
    END,
    :as_of::timestamptz, :per_second::double precision,
    :steps::integer[], :fixed_share::double precision, :released::integer, :traceparent::text,
    :automatic::jsonb, :not_before::timestamptz, :when_back::boolean, :ignored_groups::text[]
)
ON CONFLICT DO NOTHING
RETURNING id

-- insert_audit --
-- Add to the audit, whose rows never change. :key_id and :key_name are those of the access key.
INSERT INTO reprocess_audit (account, action, command_id, affiliate, requested_by, reason, request, key_id, key_name)
VALUES (
    :account::text, :action::text, :command_id::text, :affiliate::text, :requested_by::text, :reason::text,
    :request::jsonb, :key_id::uuid, :key_name::text
)

-- key_of_command --
-- The access key that a command was accepted with; no row when it came through Kafka. Uses idempotency_keys_by_command.
SELECT key_id, key_name FROM idempotency_keys WHERE account = :account::text AND command_id = :command_id::text LIMIT 1

-- lock_logs --
-- Lock the logs of a command, in the order of the key. To be run on its own, so that the next statement sees the writes
-- of another command that held the locks until now.
SELECT 1
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = ANY(:log_ids::uuid[])
ORDER BY s.id
FOR UPDATE OF s

-- read_locked_logs --
-- The locked logs, with the item in flight, the count of earlier reprocesses, and true for a result after :as_of (null:
-- no limit). Uses the primary key of status_logs, attempts_by_log, reprocess_items_in_flight and
-- reprocess_items_by_log.
SELECT
    s.id, s.affiliate, s.key, s.status, s.code, left(s.message, {ITEM_MESSAGE_CHARACTERS}) AS message, s.fingerprint,
    s.other_fingerprints, s.source, s.event_id,
    s.updated_at,
    (
        SELECT i.id FROM reprocess_items i
        WHERE i.account = s.account AND i.log_id = s.id AND i.state IN ({OPEN_ITEM_STATES})
    ) AS in_flight,
    (
        SELECT count(*) FROM reprocess_items i
        WHERE i.account = s.account AND i.log_id = s.id AND i.attempt IS NOT NULL
    ) AS reprocessed,
    coalesce(s.updated_at > :as_of::timestamptz, false) AND EXISTS (
        SELECT FROM attempts a
        WHERE a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at
          AND a.version = s.version AND a.received_at > :as_of::timestamptz
    ) AS changed
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = ANY(:log_ids::uuid[])

-- insert_items --
-- Insert items of one command: arrays with one element for each item. One that was made before a crash stays as it is.
INSERT INTO reprocess_items (
    account, command_id, integration_type,
    id, log_id, affiliate, key, state, mode, reason,
    before_status, before_code, before_message, before_fingerprint, before_fingerprints, before_source, before_event_id,
    attempt, joined_item_id, position, corrected, ended_at
)
SELECT
    :account::text, :command_id::text, :integration_type::text,
    id, log_id, affiliate, key, state, mode, reason,
    before_status, before_code, before_message, before_fingerprint,
    -- Given as its text: an array of arrays would be taken apart to its last elements.
    before_fingerprints::text[], before_source, before_event_id, attempt, joined_item_id, position, corrected,
    CASE WHEN state = 'cancelled' THEN now() END
FROM unnest(
    :id::uuid[], :log_id::uuid[], :affiliate::text[], :key::text[], :state::text[], :mode::text[], :reason::jsonb[],
    :before_status::text[], :before_code::text[], :before_message::text[], :before_fingerprint::text[],
    :before_fingerprints::text[], :before_source::text[], :before_event_id::text[], :attempt::integer[],
    :joined_item_id::uuid[], :position::integer[], :corrected::boolean[]
) AS item (
    id, log_id, affiliate, key, state, mode, reason,
    before_status, before_code, before_message, before_fingerprint, before_fingerprints, before_source, before_event_id,
    attempt, joined_item_id, position, corrected
)
ON CONFLICT (account, id) DO NOTHING
RETURNING id

-- lock_logs_of_items --
-- Lock logs before their items, as `fold` does, in the order of the key: with two orders there would be a deadlock as
-- soon as a connector answers before we mark the item.
SELECT 1
FROM status_logs s
WHERE (s.account, s.id) IN (
    SELECT i.account, i.log_id
    FROM reprocess_items i
    JOIN unnest(:account::text[], :id::uuid[]) AS named (account, id) USING (account, id)
)
ORDER BY s.id
FOR UPDATE OF s

-- mark_sent --
-- One that was answered busy and queued again meanwhile is not marked: it has to be sent once more.
UPDATE reprocess_items i
SET state = 'sent', sent_at = now(), expires_at = sent.expires_at, claimed_until = NULL, mode = sent.mode,
    busy_counted = false, sent_digest = sent.digest, sent_partition = sent.partition, sent_offset = sent.position,
    traceparent = sent.traceparent
FROM unnest(
    :account::text[], :id::uuid[], :busy_answers::integer[], :mode::text[], :expires_at::timestamptz[],
    :digest::bytea[], :partition::integer[], :offset::bigint[], :traceparent::text[]
) AS sent (account, id, busy_answers, mode, expires_at, digest, partition, position, traceparent)
WHERE i.account = sent.account AND i.id = sent.id AND i.state = 'queued' AND i.busy_answers = sent.busy_answers

-- note_sent --
-- What was sent of items that were answered before they could be marked: the answer has moved them already.
UPDATE reprocess_items i
SET mode = sent.mode, sent_digest = sent.digest, sent_partition = sent.partition, sent_offset = sent.position,
    traceparent = sent.traceparent
FROM unnest(
    :account::text[], :id::uuid[], :mode::text[], :digest::bytea[], :partition::integer[], :offset::bigint[],
    :traceparent::text[]
) AS sent (account, id, mode, digest, partition, position, traceparent)
WHERE i.account = sent.account AND i.id = sent.id AND i.sent_offset IS DISTINCT FROM sent.position

-- commands_without_mode --
-- Commands that do not show a mode in which some of these items were sent.
SELECT DISTINCT c.account, c.id, i.mode
FROM reprocess_items i
JOIN unnest(:account::text[], :id::uuid[]) AS sent (account, id) USING (account, id)
JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id
WHERE NOT coalesce(c.modes @> ARRAY[i.mode], false)
ORDER BY c.account, c.id, i.mode

-- add_mode --
-- Add to the modes in which items of a command were sent.
UPDATE reprocess_commands c
SET modes = ARRAY(SELECT DISTINCT each.mode FROM unnest(c.modes || :mode::text) AS each (mode) ORDER BY each.mode)
WHERE c.account = :account::text AND c.id = :command_id::text
  AND NOT coalesce(c.modes @> ARRAY[:mode::text], false)

-- last_but_answers --
-- Not a statement: the newest result of the log of the item `i`, answered already, that is no answer to that item. Uses
-- attempts_by_log.
SELECT a.source, a.event_id
FROM attempts a
WHERE a.account = i.account AND a.log_id = i.log_id AND a.item_id IS DISTINCT FROM i.id
ORDER BY a.processed_at DESC, a.version DESC
LIMIT 1

-- changed_before_leaving --
-- Not a statement: true if the log `s` has another result than the one that the item `i` was asked about, besides the
-- answers to `i`. Items of before migration 0013 have no source.
CASE
    WHEN i.after_version IS NULL THEN s.event_id <> i.before_event_id OR s.source <> i.before_source
    ELSE EXISTS (
        SELECT FROM ({last_but_answers}) AS newest
        WHERE newest.event_id <> i.before_event_id OR newest.source <> i.before_source
    )
END

-- mark_unneeded --
-- Items whose retry is not needed any more when their turn comes, by their logs, which are locked. One that has an answer
-- was sent, and that answer was busy: that is how it ends.
UPDATE reprocess_items i
SET state = CASE WHEN i.answered_at IS NULL THEN unneeded.state ELSE 'busy' END,
    reason = CASE WHEN i.answered_at IS NULL THEN unneeded.reason END, claimed_until = NULL, not_before = NULL,
    healed_at = CASE WHEN unneeded.state = 'healed' AND i.answered_at IS NULL THEN now() END,
    ended_at = CASE WHEN unneeded.state <> 'healed' OR i.answered_at IS NOT NULL THEN now() END
FROM unnest(:account::text[], :id::uuid[], :state::text[], :reason::jsonb[]) AS unneeded (account, id, state, reason),
    status_logs s
WHERE i.account = unneeded.account AND i.id = unneeded.id AND i.state = 'queued'
  AND s.account = i.account AND s.id = i.log_id
  AND CASE unneeded.state
      WHEN 'healed' THEN s.status = 'success'
      WHEN 'changed_since' THEN {changed_before_leaving}
      ELSE s.status <> 'success'
  END
RETURNING i.account, i.id, i.command_id, i.state

-- queue_again --
-- End the pause of items whose answer was busy, when it is over; mark_cancelled ends those of cancelled commands. They
-- are queued before and after: their logs show nothing new. They keep the times of their last try until the next is
-- marked: they were sent, and answered. Rows that are locked already are left for later. Uses reprocess_items_waiting.
WITH due AS (
    SELECT i.account, i.id
    FROM reprocess_items i
    JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id AND c.state <> 'cancelled'
    WHERE i.not_before <= :at::timestamptz
    ORDER BY i.not_before
    LIMIT :limit::integer
    FOR UPDATE OF i SKIP LOCKED
)
UPDATE reprocess_items i
SET not_before = NULL
FROM due d
WHERE i.account = d.account AND i.id = d.id
RETURNING i.id

-- mark_failed --
UPDATE reprocess_items i
SET state = 'failed', reason = failed.reason, ended_at = now(), claimed_until = NULL, not_before = NULL
FROM unnest(:account::text[], :id::uuid[], :reason::jsonb[]) AS failed (account, id, reason)
WHERE i.account = failed.account AND i.id = failed.id AND i.state = 'queued'

-- mark_silent --
-- Items whose deadline has passed; their logs are locked as well. Rows that are locked already are left for later.
-- Uses reprocess_items_awaited.
WITH overdue AS (
    SELECT i.account, i.id
    FROM reprocess_items i
    JOIN status_logs s ON s.account = i.account AND s.id = i.log_id
    WHERE i.state = 'sent' AND i.expires_at <= :at::timestamptz
    ORDER BY i.expires_at
    LIMIT :limit::integer
    FOR UPDATE OF i, s SKIP LOCKED
)
UPDATE reprocess_items i
SET state = 'silent', silent_at = now()
FROM overdue o
WHERE i.account = o.account AND i.id = o.id
RETURNING i.account, i.id, i.command_id, i.affiliate, i.integration_type, i.sent_at

-- with_worker --
-- Not a statement: true while a worker has the item `i`, or had it when it died: it may have been sent, and is not marked.
(i.state = 'queued' AND i.not_before IS NULL AND i.claimed_until IS NOT NULL)

-- marked_at --
-- Not a statement: when the sending of the item `i` that is answered now was marked; null if it is not marked yet.
CASE WHEN NOT {with_worker} THEN i.sent_at END

-- lock_answered --
-- The items that answers name, if they are of the same entity, locked in the order of their key. One that is
-- answered was sent, even if it was cancelled before that could be written. `busy_counted`: a busy answer to the same
-- sending has used up its try. `is_over`: it is not tried again, since its command was cancelled or its log has a later
-- item. Uses the primary keys and reprocess_items_by_log.
SELECT
    i.account, i.id, i.command_id, i.affiliate, i.integration_type, i.state, {marked_at} AS sent_at, i.before_status,
    i.before_fingerprint, i.before_fingerprints, about.source, about.event_id, i.log_id, i.key, i.after_version,
    i.busy_answers, i.busy_counted AND NOT {with_worker} AS busy_counted, c.state = 'cancelled' OR EXISTS (
        SELECT FROM reprocess_items later
        WHERE later.account = i.account AND later.log_id = i.log_id AND later.created_at >= i.created_at
          AND later.attempt > i.attempt
    ) AS is_over
FROM reprocess_items i
JOIN unnest(:account::text[], :id::uuid[], :log_id::uuid[]) AS answer (account, id, log_id) USING (account, id, log_id)
JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id
CROSS JOIN LATERAL (SELECT {compared_with}) AS about (source, event_id)
WHERE i.state IN ({ANSWERABLE_STATES})
ORDER BY i.account, i.id
FOR UPDATE OF i

-- kept_results --
-- `data` of the result that the retry of each item was about, as JSON; after its retention, no row. Uses attempts_by_log.
SELECT item.account, item.id, kept.data
FROM {items_and_before}
CROSS JOIN LATERAL (
    SELECT (CASE WHEN a.structured THEN a.body::json -> 'data' ELSE a.body::json END)::text AS data
    {attempt_before}
) AS kept

-- mark_answered --
-- An item can be answered before it is marked as sent: it has no sent_at yet, but it was sent, and before the answer.
-- One tried again is queued, and not sent before its pause is over. Where the answer `repeats` another one it stays as it is:
-- it waits still, or has been tried often enough.
UPDATE reprocess_items i
SET state = CASE
        WHEN answer.repeats THEN i.state
        WHEN answer.pause_seconds IS NULL THEN answer.state
        ELSE 'queued'
    END,
    before_fingerprints = answer.before::text[],
    after_status = answer.status, after_code = answer.code, after_message = answer.message,
    after_fingerprint = answer.fingerprint, after_fingerprints = answer.fingerprints::text[],
    after_version = answer.version, reason = NULL, answered_at = now(),
    sent_at = coalesce({marked_at}, now() - interval '1 microsecond'),
    busy_answers = answer.busy_answers, busy_counted = answer.busy_counted,
    not_before = CASE
        WHEN answer.repeats THEN i.not_before
        ELSE now() + make_interval(secs => answer.pause_seconds)
    END,
    claimed_until = NULL
FROM unnest(
    :account::text[], :id::uuid[], :state::text[], :before::text[], :status::text[], :code::text[], :message::text[],
    :fingerprint::text[], :fingerprints::text[], :version::bytea[], :busy_answers::integer[], :busy_counted::boolean[],
    :repeats::boolean[], :pause_seconds::double precision[]
) AS answer (
    account, id, state, before, status, code, message, fingerprint, fingerprints, version, busy_answers, busy_counted,
    repeats, pause_seconds
)
WHERE i.account = answer.account AND i.id = answer.id

-- show_on_logs --
-- Copy the state of items to the logs that show them: only a later item replaces one.
UPDATE status_logs s
SET reprocess_state = i.state, reprocess_item_id = i.id, reprocess_command_id = i.command_id,
    reprocess_at = now(), updated_at = now()
FROM reprocess_items i
JOIN unnest(:account::text[], :id::uuid[]) AS changed (account, id) USING (account, id)
WHERE s.account = i.account AND s.id = i.log_id
  AND (i.state = 'queued' OR s.reprocess_item_id = i.id)

-- lock_commands --
-- Lock a command before checking if it is finished: of two transactions that close its last two items, the second
-- must see the writes of the first.
SELECT 1
FROM reprocess_commands c
JOIN unnest(:account::text[], :id::text[]) AS named (account, id) USING (account, id)
ORDER BY c.account, c.id
FOR UPDATE OF c

-- settle_commands --
-- Set the state of commands by their items, and by the selection while it makes more. Uses the primary keys of
-- reprocess_counts and reprocess_selections.
UPDATE reprocess_commands c
SET state = settled.state,
    finished_at = CASE WHEN settled.state = 'done' THEN coalesce(c.finished_at, now()) END
FROM (
    SELECT
        account, id,
        CASE WHEN EXISTS (
            SELECT FROM reprocess_counts n
            WHERE n.account = named.account AND n.command_id = named.id AND n.state IN ({OPEN_ITEM_STATES})
              AND n.items > 0
        ) OR EXISTS (
            SELECT FROM reprocess_selections p
            WHERE p.account = named.account AND p.command_id = named.id AND p.phase NOT IN ({PHASES_WITH_ALL_ITEMS})
        ) THEN 'running' ELSE 'done' END AS state
    FROM unnest(:account::text[], :id::text[]) AS named (account, id)
) AS settled
WHERE c.account = settled.account AND c.id = settled.id
  AND c.state NOT IN ('cancelled', settled.state)

-- cancel_command --
-- Cancel a command that is not over. :note has the reason: schemas.reasons.
UPDATE reprocess_commands
SET state = 'cancelled', note = :note::jsonb, finished_at = now()
WHERE account = :account::text AND id = :command_id::text AND state IN ({OPEN_COMMAND_STATES})
RETURNING id

-- mark_cancelled --
-- Items of cancelled commands that no worker is sending, and their logs; locked rows are left for later. One that has an
-- answer was sent, and that answer was busy: that is how it ends.
-- Uses reprocess_commands_letting_go, the primary key of reprocess_counts and reprocess_items_queued. Commands come first:
-- they are few, and what is queued may be millions.
WITH letting_go AS MATERIALIZED (
    SELECT n.account, n.command_id, n.affiliate
    FROM reprocess_commands c
    JOIN reprocess_counts n ON n.account = c.account AND n.command_id = c.id AND n.state = 'queued' AND n.items > 0
    WHERE c.state = 'cancelled' AND NOT c.let_go
),
unsent AS (
    SELECT i.account, i.id
    FROM letting_go n
    JOIN reprocess_items i
        ON i.account = n.account AND i.command_id = n.command_id AND i.affiliate = n.affiliate AND i.state = 'queued'
    JOIN status_logs s ON s.account = i.account AND s.id = i.log_id
    WHERE i.claimed_until IS NULL OR i.claimed_until < now()
    LIMIT :limit::integer
    FOR UPDATE OF i, s SKIP LOCKED
)
UPDATE reprocess_items i
SET state = CASE WHEN i.answered_at IS NULL THEN 'cancelled' ELSE 'busy' END,
    reason = CASE WHEN i.answered_at IS NULL THEN :reason::jsonb END,
    ended_at = now(), not_before = NULL, claimed_until = NULL
FROM unsent u
WHERE i.account = u.account AND i.id = u.id
RETURNING i.account, i.id, i.state

-- mark_let_go --
-- Cancelled commands of which nothing is queued or awaited, and nothing can be any more: a transaction that began before
-- their end, and makes items of them, is over. Uses as mark_cancelled.
UPDATE reprocess_commands c SET let_go = true
WHERE c.state = 'cancelled' AND NOT c.let_go AND c.finished_at < now() - interval '10 minutes'
  AND NOT EXISTS (
      SELECT FROM reprocess_counts n
      WHERE n.account = c.account AND n.command_id = c.id AND n.state IN ({OPEN_ITEM_STATES}) AND n.items > 0
  )

-- erase_items --
-- Take the names and texts out of the items of logs that are being erased; their outcomes stay, and count. One that is
-- queued is not sent, and no answer is awaited any more: nothing else would ever end an item without a log.
UPDATE reprocess_items SET
    key = NULL, before_message = NULL, after_message = NULL, before_event_id = NULL, last_event_id = NULL, reason = NULL,
    not_before = NULL, claimed_until = NULL,
    state = CASE
        WHEN state NOT IN ({OPEN_ITEM_STATES}) THEN state
        WHEN answered_at IS NOT NULL THEN 'busy'  -- the answer that it had
        ELSE 'cancelled'
    END,
    ended_at = CASE WHEN state IN ({OPEN_ITEM_STATES}) THEN now() ELSE ended_at END
WHERE account = :account::text AND log_id = ANY(:log_ids::uuid[])
RETURNING command_id

-- refuse_accepted --
-- Refuse a command that was accepted from a caller, and that can't be recorded.
UPDATE idempotency_keys SET refused = :reason::jsonb WHERE account = :account::text AND command_id = :command_id::text

-- steps_to_judge --
-- Commands of which nothing is in flight in the step that they wait for. Of a selection that makes its items still, this step may
-- not be whole yet. Uses reprocess_commands_running and reprocess_items_by_position.
SELECT c.account, c.id
FROM reprocess_commands c
WHERE c.state = 'running' AND c.released IS NOT NULL AND NOT EXISTS (
    SELECT FROM reprocess_items i
    WHERE i.account = c.account AND i.command_id = c.id
      AND i.position > c.released - c.steps[c.step + 1] AND i.position <= c.released
      AND i.state IN ({OPEN_ITEM_STATES})
    OFFSET 0  -- so that those of a step alone are read, never all that is open
)

-- read_step --
-- The step of one of them; no row when it is over meanwhile. To be run with the command locked.
SELECT
    c.steps, c.step, c.released, c.fixed_share,
    NOT EXISTS (
        SELECT FROM reprocess_selections p
        WHERE p.account = c.account AND p.command_id = c.id AND p.phase NOT IN ({PHASES_WITH_ALL_ITEMS})
    ) AS made
FROM reprocess_commands c
WHERE c.account = :account::text AND c.id = :command_id::text AND c.state = 'running' AND c.released IS NOT NULL

-- of_step --
-- Not a statement: the items of one step, those after position :after up to :up_to. Uses reprocess_items_by_position.
FROM reprocess_items i
WHERE i.account = :account::text AND i.command_id = :command_id::text AND i.position > :after::integer
  AND i.position <= :up_to::integer

-- count_step --
-- Its items by state.
SELECT i.state, count(*) AS items
{of_step}
GROUP BY i.state

-- count_step_faults --
-- The faults of its items that were tried: how many had each, and in how many it came back.
SELECT
    fault.fingerprint, coalesce(min(fault.code), (
        SELECT known.code FROM faults known
        WHERE known.account = :account::text AND known.integration_type = fault.integration_type
          AND known.fingerprint = fault.fingerprint
    )) AS code, count(*) AS tried, count(*) FILTER (WHERE fault.stayed) AS came_back
FROM (
    SELECT
        step.integration_type, name.fingerprint,
        CASE WHEN name.fingerprint = step.before_fingerprint THEN step.before_code END AS code,
        step.state <> 'fixed'
            AND name.fingerprint = ANY(coalesce(step.after_fingerprints, ARRAY[step.after_fingerprint])) AS stayed
    FROM (
        SELECT
            i.integration_type, i.state, i.before_code, i.before_fingerprint, i.before_fingerprints, i.after_fingerprint,
            i.after_fingerprints
        {of_step} AND i.state IN ({TRIED_STATES})
    ) AS step
    CROSS JOIN LATERAL unnest(coalesce(step.before_fingerprints, ARRAY[step.before_fingerprint])) AS name (fingerprint)
) AS fault
GROUP BY fault.integration_type, fault.fingerprint
ORDER BY came_back DESC, fault.fingerprint

-- release_step --
UPDATE reprocess_commands SET step = :step::integer, released = :released::integer
WHERE account = :account::text AND id = :command_id::text
