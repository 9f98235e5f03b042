-- list_logs --
-- One page of status logs, newest first, after ($3, $4). Uses status_logs_by_time.
-- Where `filter` stands in braces, storage.filters puts its conditions.
SELECT
    s.id, s.integration_type, s.account, s.affiliate, s.key, s.status, s.processed_at, s.message, s.code,
    s.fingerprint, s.attempts, s.first_seen_at, s.updated_at, s.source, s.event_id,
    s.reprocess_state, s.reprocess_item_id, s.reprocess_command_id, s.reprocess_at
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text
  AND (s.processed_at, s.id) < ($3::timestamptz, $4::uuid)
{filter}
ORDER BY s.processed_at DESC, s.id DESC
LIMIT $5::integer

-- get_log --
-- One status log by its primary key.
SELECT
    s.id, s.integration_type, s.account, s.affiliate, s.key, s.status, s.processed_at, s.message, s.code,
    s.fingerprint, s.attempts, s.first_seen_at, s.updated_at, s.source, s.event_id,
    s.reprocess_state, s.reprocess_item_id, s.reprocess_command_id, s.reprocess_at
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = $3::uuid

-- log_aliases --
-- Every name of one entity. Uses the primary key of aliases.
SELECT name, value FROM aliases WHERE account = $1::text AND log_id = $2::uuid ORDER BY name, value

-- get_attempts --
-- Attempts of one log by ($3, $4), time and result of each. Uses the primary key of attempts, one partition each.
SELECT
    a.result_id, a.event_id, a.source, a.status, a.processed_at, a.received_at, a.message, a.body, a.structured,
    a.late, a.altered, a.item_id
FROM unnest($3::timestamptz[], $4::uuid[]) AS wanted (processed_at, result_id)
JOIN attempts a
    ON a.account = $1::text AND a.log_id = $2::uuid
    AND a.processed_at = wanted.processed_at AND a.result_id = wanted.result_id

-- timeline --
-- One page of what happened to one log, newest first, after ($3, $4): attempts by processed_at, and the steps of its
-- reprocesses by when they were taken. `bytes` is how large the evidence is, told without reading it.
-- Uses the primary key of attempts and reprocess_items_by_log.
SELECT entry.at, entry.name, entry.id, entry.bytes
FROM (
    (
        SELECT a.processed_at AS at, 'attempt/' || a.result_id AS name, a.result_id AS id,
            octet_length(a.body) AS bytes
        FROM attempts a
        WHERE a.account = $1::text AND a.log_id = $2::uuid
          AND a.processed_at <= $3::timestamptz
          AND (a.processed_at, 'attempt/' || a.result_id) < ($3::timestamptz, $4::text)
        ORDER BY a.processed_at DESC, name DESC
        LIMIT $5::integer
    )
    UNION ALL
    SELECT step.at, step.name || '/' || i.id, i.id, 0
    FROM reprocess_items i
    CROSS JOIN LATERAL (
        VALUES
            (i.created_at, 'requested'), (i.sent_at, 'sent'), (i.silent_at, 'silent'), (i.answered_at, 'answered')
    ) AS step (at, name)
    WHERE i.account = $1::text AND i.log_id = $2::uuid AND step.at IS NOT NULL
      AND (step.at, step.name || '/' || i.id) < ($3::timestamptz, $4::text)
) AS entry
ORDER BY entry.at DESC, entry.name COLLATE "C" DESC
LIMIT $5::integer

-- search_logs --
-- Logs of any type whose key or alias is $2 or begins with it; $3 sorts after all of these. Exact ones first, then
-- newest. Uses status_logs_by_key and aliases_by_value.
WITH named AS (
    (
        SELECT s.id, s.key = $2::text AS exact FROM status_logs s
        WHERE s.account = $1::text AND s.key >= $2::text AND s.key < $3::text
        ORDER BY s.key LIMIT $4::integer
    )
    UNION ALL
    (
        SELECT a.log_id, a.value = $2::text FROM aliases a
        WHERE a.account = $1::text AND a.value >= $2::text AND a.value < $3::text
        ORDER BY a.value LIMIT $4::integer
    )
),
found AS (
    SELECT id, bool_or(exact) AS exact FROM named GROUP BY id
)
SELECT
    s.id, s.integration_type, s.account, s.affiliate, s.key, s.status, s.processed_at, s.message, s.code,
    s.fingerprint, s.attempts, s.first_seen_at, s.updated_at, s.source, s.event_id,
    s.reprocess_state, s.reprocess_item_id, s.reprocess_command_id, s.reprocess_at
FROM found
JOIN status_logs s ON s.account = $1::text AND s.id = found.id
ORDER BY found.exact DESC, s.processed_at DESC, s.id DESC
LIMIT $4::integer
