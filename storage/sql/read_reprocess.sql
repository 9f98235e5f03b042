-- list_commands --
-- One page of an account's commands, newest first, after ($2, $3). Uses reprocess_commands_by_time.
SELECT id, account, integration_type, state, requested_by, reason, mode, requested_at, finished_at, total
FROM reprocess_commands
WHERE account = $1::text AND (requested_at, id) < ($2::timestamptz, $3::text)
ORDER BY requested_at DESC, id DESC
LIMIT $4::integer

-- get_command --
-- One command; as accepted while Kafka has it and the agents have not recorded it yet. Uses the primary key of
-- reprocess_commands and idempotency_keys_by_command.
SELECT id, account, integration_type, state, requested_by, reason, mode, requested_at, finished_at, total
FROM reprocess_commands
WHERE account = $1::text AND id = $2::text
UNION ALL
SELECT
    k.command_id, k.account, k.request ->> 'integration_type', 'accepted', k.request ->> 'requested_by',
    k.request ->> 'reason', k.request ->> 'mode', k.created_at, NULL, 0
FROM idempotency_keys k
WHERE k.account = $1::text AND k.command_id = $2::text AND k.published_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM reprocess_commands c WHERE c.account = k.account AND c.id = k.command_id)

-- count_items --
-- How many items of each command are in each state. Uses reprocess_items_by_command.
SELECT command_id, state, count(*) AS items
FROM reprocess_items
WHERE account = $1::text AND command_id = ANY($2::text[])
GROUP BY command_id, state

-- list_items --
-- One page of a command's items, after $3, of state $4 when given. Uses reprocess_items_by_command.
SELECT
    id, command_id, log_id, affiliate, key, state, reason, mode, before_status, before_code, after_status, after_code,
    attempt, created_at, sent_at, expires_at, silent_at, answered_at, joined_item_id
FROM reprocess_items
WHERE account = $1::text AND command_id = $2::text
  AND id > $3::uuid
  AND ($4::text IS NULL OR state = $4::text)
ORDER BY id
LIMIT $5::integer

-- get_items --
-- Items by id, with who asked for them and why. Uses the primary keys.
SELECT i.id, i.command_id, i.state, i.mode, i.sent_at, c.requested_by, c.reason
FROM reprocess_items i
JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id
WHERE i.account = $1::text AND i.id = ANY($2::uuid[])
