-- command_columns --
id, account, integration_type, state, requested_by, reason, mode, coalesce(modes, '{}') AS modes, requested_at, finished_at, as_of, selected,
request, step, note, joined_since, automatic, not_before, when_back, EXISTS (
    SELECT FROM reprocess_selections p
    WHERE p.account = c.account AND p.command_id = c.id AND p.phase NOT IN ({PHASES_WITH_ALL_ITEMS})
) AS materialising, coalesce(ignored_groups, '{}') AS ignored_groups, (
    SELECT a.key_name FROM reprocess_audit a
    WHERE a.account = c.account AND a.command_id = c.id AND a.action = 'requested'
    LIMIT 1
) AS requested_with, (
    SELECT jsonb_build_object(
        'action', a.action, 'by', a.requested_by, 'by_key', a.key_name, 'reason', a.reason,
        'outcome', CASE WHEN a.request ? 'step' THEN a.request END
    )
    FROM reprocess_audit a
    WHERE a.account = c.account AND a.command_id = c.id AND a.action IN ('cancelled', 'stopped')
    LIMIT 1
) AS ending

-- list_commands --
-- One page of an account's commands, newest first, after (:after_at, :after_id). Uses reprocess_commands_by_time and
-- reprocess_audit_by_command.
SELECT {command_columns}
FROM reprocess_commands c
WHERE account = :account::text AND (requested_at, id) < (:after_at::timestamptz, :after_id::text)
ORDER BY requested_at DESC, id DESC
LIMIT :limit::integer

-- list_asked_commands --
-- The same of those that somebody asked for. Uses reprocess_commands_asked.
SELECT {command_columns}
FROM reprocess_commands c
WHERE account = :account::text AND automatic IS NULL
  AND (requested_at, id) < (:after_at::timestamptz, :after_id::text)
ORDER BY requested_at DESC, id DESC
LIMIT :limit::integer

-- list_automatic_commands --
-- The same of those that we asked for by ourselves. Uses reprocess_commands_automatic.
SELECT {command_columns}
FROM reprocess_commands c
WHERE account = :account::text AND automatic IS NOT NULL
  AND (requested_at, id) < (:after_at::timestamptz, :after_id::text)
ORDER BY requested_at DESC, id DESC
LIMIT :limit::integer

-- count_automatic_commands --
-- Commands that we asked for by ourselves, up to a limit. Uses reprocess_commands_automatic.
SELECT count(*)
FROM (
    SELECT FROM reprocess_commands
    WHERE account = :account::text AND automatic IS NOT NULL
    LIMIT :limit::integer
) AS counted

-- get_command --
-- One command; `accepted` while Kafka has it and the agents have not recorded it yet, `cancelled` when they can't.
-- Uses the primary key of reprocess_commands, reprocess_audit_by_command and idempotency_keys_by_command.
SELECT {command_columns}
FROM reprocess_commands c
WHERE account = :account::text AND id = :command_id::text
UNION ALL
SELECT
    k.command_id, k.account, k.request ->> 'integration_type',
    CASE WHEN k.refused IS NULL THEN 'accepted' ELSE 'cancelled' END, k.request ->> 'requested_by',
    k.request ->> 'reason', k.request ->> 'mode', '{}', k.created_at, NULL, (k.request ->> 'as_of')::timestamptz, NULL,
    k.request, 0, k.refused, NULL, NULL, (k.request ->> 'not_before')::timestamptz,
    coalesce((k.request ->> 'when_back')::boolean, false), false, '{}', k.key_name, NULL
FROM idempotency_keys k
WHERE k.account = :account::text AND k.command_id = :command_id::text AND k.published_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM reprocess_commands c WHERE c.account = k.account AND c.id = k.command_id)

-- shown_state_of_item --
CASE WHEN i.not_before IS NULL THEN i.state ELSE 'busy' END

-- shown_state_of_joined --
CASE WHEN j.not_before IS NULL THEN j.state ELSE 'busy' END

-- count_items --
-- Counts of the items of each command by the state that is shown: one that is queued again after a busy answer is busy.
-- Uses the primary key of reprocess_counts and reprocess_items_waiting_by_command.
WITH waiting AS (
    SELECT command_id, count(*) AS items
    FROM reprocess_items
    WHERE account = :account::text AND command_id = ANY(:command_ids::text[]) AND not_before IS NOT NULL
    GROUP BY command_id
)
SELECT command_id, state, sum(items)::integer AS items
FROM (
    SELECT command_id, state, items
    FROM reprocess_counts
    WHERE account = :account::text AND command_id = ANY(:command_ids::text[])
    UNION ALL
    SELECT command_id, 'queued', -items FROM waiting
    UNION ALL
    SELECT command_id, 'busy', items FROM waiting
) AS counted
GROUP BY command_id, state
HAVING sum(items) > 0
ORDER BY command_id, state

-- count_joined --
-- States of the items that a command's own joined. Uses reprocess_items_by_state.
SELECT {shown_state_of_joined} AS state, count(*) AS items
FROM reprocess_items i
JOIN reprocess_items j ON j.account = i.account AND j.id = i.joined_item_id
WHERE i.account = :account::text AND i.command_id = :command_id::text AND i.state = 'in_flight'
GROUP BY 1
ORDER BY 1

-- shown_items --
-- A command's items after :after, with the states of those that they joined. Uses reprocess_items_by_command.
SELECT
    i.id, i.log_id, i.affiliate, i.key, {shown_state_of_item} AS state, i.reason, i.before_status, i.before_code, i.before_message,
    i.before_fingerprint, i.before_fingerprints, i.after_status, i.after_code, i.after_message, i.after_fingerprint,
    i.after_fingerprints, i.attempt, i.mode, i.corrected, i.created_at, i.sent_at, i.healed_at, i.expires_at, i.answered_at,
    i.busy_answers, i.not_before, encode(i.sent_digest, 'hex') AS sent_digest, i.sent_partition, i.sent_offset,
    i.traceparent, i.joined_item_id, {shown_state_of_joined} AS joined_state,
    j.command_id AS joined_command_id
FROM reprocess_items i
LEFT JOIN reprocess_items j ON j.account = i.account AND j.id = i.joined_item_id
WHERE i.account = :account::text AND i.command_id = :command_id::text AND i.id > :after::uuid

-- list_items --
-- One page of a command's items.
{shown_items}
ORDER BY i.id
LIMIT :limit::integer

-- list_items_in_state --
-- One page of a command's items that are shown in one state; :stored are the states that those have. With
-- `:state IS NULL OR …` in list_items, the generic plan would read every item for a rare state.
{shown_items} AND i.state = ANY(:stored::text[]) AND {shown_state_of_item} = :state::text
ORDER BY i.id
LIMIT :limit::integer

-- count_still_failing --
-- How many of the logs of a command's items in some states, of which there are few, have not succeeded since and are not
-- in flight. Uses reprocess_items_by_state and the primary key of status_logs.
SELECT count(*)::integer
FROM reprocess_items i
JOIN status_logs s ON s.account = i.account AND s.id = i.log_id
WHERE i.account = :account::text AND i.command_id = :command_id::text AND i.state = ANY(:states::text[])
  AND s.status <> 'success' AND (s.reprocess_state IN ({OPEN_ITEM_STATES})) IS NOT TRUE

-- get_items --
-- Items by id, with the author, the key and the reason of their command. Uses the primary keys and reprocess_audit_by_command.
SELECT i.id, i.command_id, {shown_state_of_item} AS state, i.mode, i.sent_at, i.reason AS refusal, c.requested_by, c.reason, c.automatic, (
    SELECT a.key_name FROM reprocess_audit a
    WHERE a.account = c.account AND a.command_id = c.id AND a.action = 'requested'
    LIMIT 1
) AS requested_with
FROM reprocess_items i
JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id
WHERE i.account = :account::text AND i.id = ANY(:ids::uuid[])
