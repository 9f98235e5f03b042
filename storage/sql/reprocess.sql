-- insert_command --
-- The same id twice is one command: no row comes back for the second.
INSERT INTO reprocess_commands (
    account, id, integration_type, state, mode, requested_by, reason, request, total, requested_at
)
VALUES (
    $1::text, $2::text, $3::text, 'accepted', $4::text, $5::text, $6::text, $7::jsonb, $8::integer, $9::timestamptz
)
ON CONFLICT DO NOTHING
RETURNING id

-- lock_logs --
-- What a command is to act on, in the order of the key. On its own, so that the next statement sees what another
-- command, that held the locks until now, has done.
SELECT 1
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = ANY($3::uuid[])
ORDER BY s.account, s.id
FOR UPDATE OF s

-- read_locked_logs --
-- The same, with the item in flight and the count of earlier reprocesses. Uses the primary key of status_logs,
-- reprocess_items_in_flight and reprocess_items_by_log.
SELECT
    s.id, s.affiliate, s.key, s.status, s.code, s.fingerprint, s.event_id,
    (
        SELECT i.id FROM reprocess_items i
        WHERE i.account = s.account AND i.log_id = s.id AND i.state IN ('queued', 'sent')
    ) AS in_flight,
    (
        SELECT count(*) FROM reprocess_items i
        WHERE i.account = s.account AND i.log_id = s.id AND i.attempt IS NOT NULL
    ) AS reprocessed
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = ANY($3::uuid[])

-- insert_items --
-- $1…$3: account, command and type of all of them; then arrays with one element an item.
INSERT INTO reprocess_items (
    account, command_id, integration_type,
    id, log_id, affiliate, key, state, mode, reason,
    before_status, before_code, before_fingerprint, before_event_id, attempt, joined_item_id
)
SELECT $1::text, $2::text, $3::text, item.*
FROM unnest(
    $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[], $14::text[], $15::integer[], $16::uuid[]
) AS item

-- claim_queued --
-- Items to send, oldest first; another worker's are skipped. With the names that their entities have.
-- The log is locked as well: `fold` locks a log before its item, and two orders would be a deadlock as soon as a
-- connector answers faster than we mark the item. Uses reprocess_items_queued.
SELECT
    i.account, i.id, i.command_id, i.log_id, i.integration_type, i.affiliate, i.key, i.mode, i.before_event_id,
    i.attempt,
    (
        SELECT coalesce(jsonb_object_agg(a.name, a.value ORDER BY a.value), '{}')
        FROM aliases a WHERE a.account = i.account AND a.log_id = i.log_id
    ) AS aliases
FROM reprocess_items i
JOIN status_logs s ON s.account = i.account AND s.id = i.log_id
WHERE i.state = 'queued'
ORDER BY i.created_at, i.id
LIMIT $1::integer
FOR UPDATE OF i, s SKIP LOCKED

-- mark_sent --
-- $1…$3: account, item and deadline of each.
UPDATE reprocess_items i
SET state = 'sent', sent_at = now(), expires_at = sent.expires_at
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS sent (account, id, expires_at)
WHERE i.account = sent.account AND i.id = sent.id AND i.state = 'queued'

-- mark_failed --
-- $1…$3: account, item and reason of each.
UPDATE reprocess_items i
SET state = 'failed', reason = failed.reason
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS failed (account, id, reason)
WHERE i.account = failed.account AND i.id = failed.id AND i.state = 'queued'

-- mark_silent --
-- Items whose deadline has passed; their logs are locked as in claim_queued. Uses reprocess_items_awaited.
WITH overdue AS (
    SELECT i.account, i.id
    FROM reprocess_items i
    JOIN status_logs s ON s.account = i.account AND s.id = i.log_id
    WHERE i.state = 'sent' AND i.expires_at <= $1::timestamptz
    ORDER BY i.expires_at
    LIMIT $2::integer
    FOR UPDATE OF i, s SKIP LOCKED
)
UPDATE reprocess_items i
SET state = 'silent', silent_at = now()
FROM overdue o
WHERE i.account = o.account AND i.id = o.id
RETURNING i.account, i.id, i.command_id

-- lock_answered --
-- The items that answers name, if they are of the same entity, locked in the order of their key.
SELECT i.account, i.id, i.command_id, i.state, i.before_status, i.before_fingerprint, i.after_version
FROM reprocess_items i
JOIN unnest($1::text[], $2::uuid[], $3::uuid[]) AS answer (account, id, log_id) USING (account, id, log_id)
WHERE i.state IN ('queued', 'sent', 'silent', 'fixed', 'same_error', 'different_error')
ORDER BY i.account, i.id
FOR UPDATE OF i

-- mark_answered --
-- An answer that outran the mark of its sending has no sent_at yet: it was sent, whatever we had time to write.
UPDATE reprocess_items i
SET state = answer.state, after_status = answer.status, after_code = answer.code, after_version = answer.version,
    answered_at = now(), sent_at = coalesce(i.sent_at, now())
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[])
    AS answer (account, id, state, status, code, version)
WHERE i.account = answer.account AND i.id = answer.id

-- show_on_logs --
-- Copy the state of items to the logs that show them: an item only gives way to a later one.
UPDATE status_logs s
SET reprocess_state = i.state, reprocess_item_id = i.id, reprocess_command_id = i.command_id,
    reprocess_at = now(), updated_at = now()
FROM reprocess_items i
JOIN unnest($1::text[], $2::uuid[]) AS changed (account, id) USING (account, id)
WHERE s.account = i.account AND s.id = i.log_id
  AND (i.state = 'queued' OR s.reprocess_item_id = i.id)

-- lock_commands --
-- Before looking whether a command is finished: of two transactions that close its last two items, the second
-- must see what the first did.
SELECT 1
FROM reprocess_commands c
JOIN unnest($1::text[], $2::text[]) AS named (account, id) USING (account, id)
ORDER BY c.account, c.id
FOR UPDATE OF c

-- settle_commands --
-- The state of commands by their items. Uses reprocess_items_by_command.
UPDATE reprocess_commands c
SET state = settled.state,
    finished_at = CASE WHEN settled.state = 'done' THEN coalesce(c.finished_at, now()) END
FROM (
    SELECT
        account, id,
        CASE WHEN EXISTS (
            SELECT FROM reprocess_items i
            WHERE i.account = named.account AND i.command_id = named.id AND i.state IN ('queued', 'sent')
        ) THEN 'running' ELSE 'done' END AS state
    FROM unnest($1::text[], $2::text[]) AS named (account, id)
) AS settled
WHERE c.account = settled.account AND c.id = settled.id
  AND c.state NOT IN ('cancelled', settled.state)
