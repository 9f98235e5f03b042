-- log_columns --
s.id, s.integration_type, s.account, s.affiliate, s.key, s.status, s.processed_at, s.message, s.code,
s.fingerprint, s.attempts, s.first_seen_at, s.updated_at, s.source, s.event_id,
s.reprocess_state, s.reprocess_item_id, s.reprocess_command_id, s.reprocess_at

-- list_logs --
-- One page of status logs, newest first, after ($3, $4), by reading on until it is full: for filters that match much.
-- Uses status_logs_by_time. Where `filter` stands in braces, storage.filters puts its conditions.
SELECT {log_columns}
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text
  AND (s.processed_at, s.id) < ($3::timestamptz, $4::uuid)
{filter}
ORDER BY s.processed_at DESC, s.id DESC
LIMIT $5::integer

-- list_logs_of_facets --
-- The same of the facets $6, by merging the beginnings of their runs. Uses status_logs_by_facet.
SELECT {log_columns}
FROM (
    SELECT run.processed_at, run.id
    FROM unnest($6::uuid[]) AS facet (id)
    CROSS JOIN LATERAL (
        SELECT s.processed_at, s.id
        FROM status_logs s
        WHERE s.account = $1::text AND s.facet_id = facet.id
          AND (s.processed_at, s.id) < ($3::timestamptz, $4::uuid)
        {filter}
        ORDER BY s.processed_at DESC, s.id DESC
        LIMIT $5::integer
    ) AS run
    ORDER BY run.processed_at DESC, run.id DESC
    LIMIT $5::integer
) AS page
JOIN status_logs s ON s.account = $1::text AND s.integration_type = $2::text AND s.id = page.id
ORDER BY s.processed_at DESC, s.id DESC

-- list_logs_among --
-- The same of the logs $6: for a search that finds few. Uses the primary key.
SELECT {log_columns}
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = ANY($6::uuid[])
  AND (s.processed_at, s.id) < ($3::timestamptz, $4::uuid)
{filter}
ORDER BY s.processed_at DESC, s.id DESC
LIMIT $5::integer

-- list_facets --
-- Up to $3 facets of one type. `facets` has the columns that the conditions are about. Uses facets_by_type.
SELECT s.id FROM facets s
WHERE s.account = $1::text AND s.integration_type = $2::text
{filter}
LIMIT $3::integer

-- count_logs_of_facets --
-- How many logs the facets $3 have. Uses the primary key of log_days, and log_changes_by_type.
SELECT coalesce(sum(counted.logs), 0)::bigint
FROM (
    SELECT d.logs FROM log_days d
    WHERE d.account = $1::text AND d.integration_type = $2::text AND d.facet_id = ANY($3::uuid[])
    UNION ALL
    SELECT c.logs FROM log_changes c
    WHERE c.account = $1::text AND c.integration_type = $2::text AND c.facet_id = ANY($3::uuid[])
) AS counted

-- find_logs --
-- Up to $5 logs of one type by each of: a key that begins with $3, an alias that does, the words of $3 in the message;
-- $4 sorts after everything that begins with $3. A log comes as often as it is found.
-- Uses status_logs_by_key, aliases_by_value and status_logs_by_word.
(
    SELECT s.id FROM status_logs s
    WHERE s.account = $1::text AND s.integration_type = $2::text AND s.key >= $3::text AND s.key < $4::text
    ORDER BY s.key LIMIT $5::integer
)
UNION ALL
(
    SELECT a.log_id FROM aliases a
    WHERE a.account = $1::text AND a.integration_type = $2::text AND a.value >= $3::text AND a.value < $4::text
    ORDER BY a.value LIMIT $5::integer
)
UNION ALL
SELECT logs_with_words($2::text, $3::text, $5::integer)

-- get_log --
-- One status log by its primary key.
SELECT {log_columns}
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = $3::uuid

-- get_logs --
-- The same of many: those of $3 that there are. Uses the primary key.
SELECT {log_columns}
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = ANY($3::uuid[])

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
-- Logs of any of the types $5 whose key or alias is $2 or begins with it; $3 sorts after all of these. Exact ones
-- first, then newest. Uses status_logs_by_key and aliases_by_value.
WITH named AS (
    SELECT name.id, name.exact
    FROM unnest($5::text[]) AS type (name)
    CROSS JOIN LATERAL (
        (
            SELECT s.id, s.key = $2::text AS exact FROM status_logs s
            WHERE s.account = $1::text AND s.integration_type = type.name AND s.key >= $2::text AND s.key < $3::text
            ORDER BY s.key LIMIT $4::integer
        )
        UNION ALL
        (
            SELECT a.log_id, a.value = $2::text FROM aliases a
            WHERE a.account = $1::text AND a.integration_type = type.name
              AND a.value >= $2::text AND a.value < $3::text
            ORDER BY a.value LIMIT $4::integer
        )
    ) AS name
),
found AS (
    SELECT id, bool_or(exact) AS exact FROM named GROUP BY id
)
SELECT {log_columns}
FROM found
JOIN status_logs s ON s.account = $1::text AND s.id = found.id
ORDER BY found.exact DESC, s.processed_at DESC, s.id DESC
LIMIT $4::integer
