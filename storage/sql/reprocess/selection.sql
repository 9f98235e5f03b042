-- settled_until --
-- See migrations/0005_reprocess.sql. On its own, before the snapshot of whoever asks.
SELECT settled_until()

-- changed_logs --
-- Not a statement: logs that something happened to since $3, as the filter saw them then. `changed`: a newer result
-- came. A log whose result of then is gone by retention is not told from one that did not exist.
-- $1, $2: account and type. Uses status_logs_by_update or status_logs_by_time, and the primary key of attempts.
FROM status_logs live
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM attempts a
        WHERE a.account = live.account AND a.log_id = live.id AND a.processed_at = live.processed_at
          AND a.version = live.version AND a.received_at > $3::timestamptz
    ) AS changed
) AS since
LEFT JOIN LATERAL (
    SELECT a.status, a.processed_at, a.message, a.code, a.fingerprint
    FROM attempts a
    WHERE a.account = live.account AND a.log_id = live.id AND a.received_at <= $3::timestamptz
    ORDER BY a.version DESC
    LIMIT 1
) AS shown ON since.changed
CROSS JOIN LATERAL (
    SELECT
        live.account, live.id, live.integration_type, live.affiliate, live.key,
        CASE WHEN since.changed THEN shown.status ELSE live.status END AS status,
        CASE WHEN since.changed THEN shown.processed_at ELSE live.processed_at END AS processed_at,
        CASE
            WHEN since.changed THEN message_words(live.account, live.integration_type, shown.message) ELSE live.words
        END AS words,
        CASE WHEN since.changed THEN shown.code ELSE live.code END AS code,
        CASE WHEN since.changed THEN shown.fingerprint ELSE live.fingerprint END AS fingerprint,
        (
            SELECT CASE
                WHEN i.answered_at <= $3::timestamptz THEN i.state
                WHEN i.silent_at <= $3::timestamptz THEN 'silent'
                WHEN i.sent_at <= $3::timestamptz THEN 'sent'
                ELSE 'queued'
            END
            FROM reprocess_items i
            WHERE i.account = live.account AND i.log_id = live.id AND i.attempt IS NOT NULL
              AND i.created_at <= $3::timestamptz
            ORDER BY i.created_at DESC
            LIMIT 1
        ) AS reprocess_state
) AS s
WHERE live.account = $1::text AND live.integration_type = $2::text AND live.updated_at > $3::timestamptz
  AND s.status IS NOT NULL
{filter}

-- look_as --
-- Of whose logs find_logs finds words, until the transaction ends.
SELECT set_config('conexoes.account', $1::text, true)

-- plan_for_values --
-- Until the transaction ends, plans are made for the values that are asked with: what changed since a moment ago is found
-- otherwise than what changed since last year.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)

-- in_facets --
-- Not a statement: of a log whose facet has these dimensions, which its own columns say as well.
AND s.facet_id = ANY(ARRAY(
    {facet_ids}
))

-- survey_selection --
-- What the filter matched at $3, by all that a verdict depends on, with ten of each. Uses status_logs_by_facet, or
-- status_logs_by_time where the filter names no dimension.
-- Where `changed` stands in braces, changed_logs is put; its filter is about what the logs showed then, and can't be
-- answered from an index of what they show now.
WITH matched AS (
    SELECT
        s.id, s.affiliate, s.status, coalesce(s.reprocess_state IN ('queued', 'sent'), false) AS in_flight,
        false AS changed
    FROM status_logs s
    WHERE s.account = $1::text AND s.integration_type = $2::text AND s.updated_at <= $3::timestamptz
    {filter}
    UNION ALL
    SELECT
        live.id, live.affiliate, live.status, coalesce(live.reprocess_state IN ('queued', 'sent'), false),
        since.changed
    {changed}
)
SELECT affiliate, status, in_flight, changed, count(*) AS logs, (array_agg(id))[1:10] AS sample
FROM matched
GROUP BY affiliate, status, in_flight, changed
ORDER BY affiliate, status, in_flight, changed

-- survey_rows --
-- The same of logs that were chosen, as they are now. Uses the primary key.
SELECT
    s.affiliate, s.status, coalesce(s.reprocess_state IN ('queued', 'sent'), false) AS in_flight, false AS changed,
    count(*) AS logs, (array_agg(s.id))[1:10] AS sample
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.id = ANY($3::uuid[])
GROUP BY s.affiliate, s.status, in_flight
ORDER BY s.affiliate, s.status, in_flight

-- sample_logs --
-- What a plan shows of some logs. Uses the primary key.
SELECT s.id AS log_id, s.affiliate, s.key, s.status, s.code, s.processed_at
FROM status_logs s
WHERE s.account = $1::text AND s.id = ANY($2::uuid[])
ORDER BY s.processed_at DESC, s.id DESC

-- select_unchanged --
-- The next logs, newest first, after ($4, $5), to which nothing happened since $3. One that changes while the
-- selection goes on moves to the front, and is found by select_changed. Uses status_logs_by_time.
SELECT s.id, s.processed_at
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.updated_at <= $3::timestamptz
  AND (s.processed_at, s.id) < ($4::timestamptz, $5::uuid)
{filter}
ORDER BY s.processed_at DESC, s.id DESC
LIMIT $6::integer

-- select_changed --
-- The next logs, oldest first, after ($4, $5), to which something happened since $3 and that command $7 has no item
-- of. A log only ever moves forward, so that none is missed; one that is met again has its item.
-- `|| ''` leaves only reprocess_items_by_log to be used: statistics of items that were made a moment ago say that the
-- command has none, and then all of them would be read for every log.
SELECT live.id, live.processed_at
{changed}
  AND (live.processed_at, live.id) > ($4::timestamptz, $5::uuid)
  AND live.reprocess_command_id IS DISTINCT FROM $7::text
  AND NOT EXISTS (
      SELECT FROM reprocess_items i
      WHERE i.account = live.account AND i.log_id = live.id AND i.command_id || '' = $7::text
  )
ORDER BY live.processed_at, live.id
LIMIT $6::integer

-- count_joined_since --
-- New failures that match the filter, came after $3 and are not among the items of command $4. `|| ''` as above.
SELECT count(*)
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.updated_at > $3::timestamptz
  AND s.status <> 'success' AND s.reprocess_command_id IS DISTINCT FROM $4::text
  AND EXISTS (
      SELECT FROM attempts a
      WHERE a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at
        AND a.version = s.version AND a.received_at > $3::timestamptz
  )
  AND NOT EXISTS (
      SELECT FROM reprocess_items i
      WHERE i.account = s.account AND i.log_id = s.id AND i.command_id || '' = $4::text
  )
{filter}

-- set_joined_since --
UPDATE reprocess_commands SET joined_since = $3::integer WHERE account = $1::text AND id = $2::text

-- insert_selection --
INSERT INTO reprocess_selections (account, command_id, phase) VALUES ($1::text, $2::text, 'counting')

-- claim_selection --
-- The selection that waited longest and has something to do, kept from other workers until the transaction ends.
-- Uses reprocess_selections_open.
SELECT
    p.account, p.command_id, p.phase, p.after_at, p.after_id, p.next_position,
    c.integration_type, c.state, c.mode, c.as_of, c.steps IS NOT NULL AS stepped, c.reason, c.request -> 'filter' AS asked
FROM reprocess_selections p
JOIN reprocess_commands c ON c.account = p.account AND c.id = p.command_id
WHERE p.phase <> 'made' AND (p.phase <> 'ending' OR c.state IN ('done', 'cancelled'))
ORDER BY p.touched_at
LIMIT 1
FOR UPDATE OF p SKIP LOCKED

-- move_selection --
UPDATE reprocess_selections
SET phase = $3::text, after_at = $4::timestamptz, after_id = $5::uuid, next_position = $6::integer,
    touched_at = clock_timestamp(), failures = 0
WHERE account = $1::text AND command_id = $2::text

-- set_selection_aside --
-- Behind all others. $3: how many failures to add.
UPDATE reprocess_selections
SET touched_at = clock_timestamp(), failures = failures + $3::integer
WHERE account = $1::text AND command_id = $2::text
RETURNING failures

-- set_selected --
UPDATE reprocess_commands SET selected = $3::integer WHERE account = $1::text AND id = $2::text
