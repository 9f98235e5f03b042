-- settled_until --
-- See migrations/0005_reprocess.sql. To be run on its own, before the snapshot of the caller.
SELECT settled_until()

-- changed_logs --
-- Not a statement: `live` is a log that has changed since :as_of, and `s` is its state at :as_of, in every column of
-- status_logs that is known of that time. `changed`: a newer result came. A log whose result of that time retention has
-- deleted can't be told from one that did not exist. Uses status_logs_by_update or status_logs_by_time, and the
-- index attempts_by_log.
FROM status_logs live
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM attempts a
        WHERE a.account = live.account AND a.log_id = live.id AND a.processed_at = live.processed_at
          AND a.version = live.version AND a.received_at > :as_of::timestamptz
    ) AS changed
) AS since
LEFT JOIN LATERAL (
    SELECT
        a.status, a.processed_at, a.version, a.source, a.event_id, a.message, a.code, a.category, a.fingerprint,
        a.errors, a.other_codes, a.other_categories, a.other_fingerprints, a.words
    FROM attempts a
    WHERE a.account = live.account AND a.log_id = live.id AND a.received_at <= :as_of::timestamptz
    ORDER BY a.version DESC
    LIMIT 1
) AS shown ON since.changed
CROSS JOIN LATERAL (
    SELECT
        live.account, live.id, live.integration_type, live.affiliate, live.key,
        CASE WHEN since.changed THEN shown.status ELSE live.status END AS status,
        CASE WHEN since.changed THEN shown.processed_at ELSE live.processed_at END AS processed_at,
        CASE WHEN since.changed THEN shown.words ELSE live.words END AS words,
        CASE WHEN since.changed THEN shown.version ELSE live.version END AS version,
        CASE WHEN since.changed THEN shown.source ELSE live.source END AS source,
        CASE WHEN since.changed THEN shown.event_id ELSE live.event_id END AS event_id,
        CASE WHEN since.changed THEN shown.message ELSE live.message END AS message,
        CASE WHEN since.changed THEN shown.code ELSE live.code END AS code,
        CASE WHEN since.changed THEN shown.category ELSE live.category END AS category,
        CASE WHEN since.changed THEN shown.fingerprint ELSE live.fingerprint END AS fingerprint,
        CASE WHEN since.changed THEN shown.errors ELSE live.errors END AS errors,
        CASE WHEN since.changed THEN shown.other_codes ELSE live.other_codes END AS other_codes,
        CASE WHEN since.changed THEN shown.other_categories ELSE live.other_categories END AS other_categories,
        CASE
            WHEN since.changed THEN shown.other_fingerprints ELSE live.other_fingerprints
        END AS other_fingerprints,
        (
            SELECT {state_then}
            FROM reprocess_items i
            WHERE i.account = live.account AND i.log_id = live.id AND i.attempt IS NOT NULL
              AND i.created_at <= :as_of::timestamptz
            ORDER BY i.created_at DESC
            LIMIT 1
        ) AS reprocess_state
) AS s
WHERE live.account = :account::text AND live.integration_type = :integration_type::text
  AND live.updated_at > :as_of::timestamptz
  AND s.status IS NOT NULL
{then}

-- state_then --
-- Not a statement: the state at :as_of of the item `i`, which was to be sent, and was made by then.
CASE
    -- Its answer was busy, and it was to be sent again, until it ended without that.
    WHEN i.answered_at <= :as_of::timestamptz AND i.ended_at > :as_of::timestamptz THEN 'queued'
    -- The answer of one that is sent again is that to the try before.
    WHEN i.answered_at <= :as_of::timestamptz AND i.state NOT IN ('sent', 'silent') THEN i.state
    -- One that was cancelled may have been answered since: it was on its way.
    WHEN i.healed_at <= :as_of::timestamptz THEN 'healed'
    WHEN i.ended_at <= :as_of::timestamptz
    THEN CASE WHEN i.state IN ('failed', {AT_LEAVING}) THEN i.state ELSE 'cancelled' END
    WHEN i.silent_at <= :as_of::timestamptz AND i.silent_at >= i.sent_at THEN 'silent'
    WHEN i.sent_at <= :as_of::timestamptz THEN 'sent'
    ELSE 'queued'
END

-- look_as --
-- Set the account whose logs find_logs may find by words, until the transaction ends.
SELECT set_config('conexoes.account', :account::text, true)

-- plan_for_values --
-- Plan each statement for its own values until the transaction ends: changes of the last minute need another plan than
-- changes of the last year.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)

-- of_facets --
-- Not a statement: columns of a log whose facet has these dimensions, which its own columns have as well.
AND s.facet_id = ANY(ARRAY(
    {facet_ids}
))

-- errors_shown --
-- Not a statement: the fingerprints of all errors that the log `s` shows or showed.
CASE WHEN s.fingerprint IS NULL THEN '{}' ELSE s.fingerprint || s.other_fingerprints END

-- selected_logs --
-- Not a statement: logs that the filter matched at :as_of, with the facts of a verdict. Uses status_logs_by_facet, or
-- status_logs_by_time where the filter names no dimension.
-- For changed logs the filter is about their earlier state, which no index of their present state can answer.
SELECT
    s.id, s.affiliate, s.status,
    coalesce(s.reprocess_state IN ({OPEN_ITEM_STATES}), false) AS in_flight,
    false AS changed,
    {errors_shown} AS faults
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
  AND s.updated_at <= :as_of::timestamptz
{filter}
{in_facets}
UNION ALL
SELECT
    live.id, live.affiliate, live.status,
    coalesce(live.reprocess_state IN ({OPEN_ITEM_STATES}), false),
    since.changed,
    {errors_shown}
{changed_logs}

-- survey_selection --
-- Selected logs, grouped by the facts of a verdict, with a sample of each group.
WITH matched AS (
    {selected_logs}
)
SELECT affiliate, status, in_flight, changed, count(*) AS logs, (array_agg(id))[1:{PLAN_SAMPLES}] AS sample
FROM matched
GROUP BY affiliate, status, in_flight, changed
ORDER BY affiliate, status, in_flight, changed

-- survey_faults --
-- The same, and by their errors, in parts: `all` has each log once; `group` those of the :largest groups of equal errors and
-- of the :named ones, a log in each of its groups; `others` those with an error of any other group, each once; `shared` those
-- in several groups; `without` those in none. `groups` is the number of all groups. However many there are, the rows are no
-- more than the listed groups and four have, for each of the facts. Only `all` has samples. These are numbered rather than
-- cut from an array of all ids: work_mem limits a sort, and no array.
WITH matched AS (
    {selected_logs}
),
sampled AS (
    SELECT 'all' AS part, affiliate, status, in_flight, changed, array_agg(id) AS sample
    FROM (
        SELECT
            affiliate, status, in_flight, changed, id,
            row_number() OVER (PARTITION BY affiliate, status, in_flight, changed) AS place
        FROM matched
    ) AS numbered
    WHERE place <= {PLAN_SAMPLES}
    GROUP BY affiliate, status, in_flight, changed
),
alike AS MATERIALIZED (
    SELECT
        row_number() OVER () AS number, affiliate, status, in_flight, changed, faults, count(*) AS logs,
        GROUPING(faults) = 1 AS is_whole
    FROM matched
    GROUP BY GROUPING SETS ((affiliate, status, in_flight, changed), (affiliate, status, in_flight, changed, faults))
),
shown AS MATERIALIZED (
    SELECT DISTINCT a.number, each.fault FROM alike a CROSS JOIN LATERAL unnest(a.faults) AS each (fault)
    WHERE NOT a.is_whole
),
sizes AS MATERIALIZED (
    SELECT fault, sum(logs) AS logs FROM shown JOIN alike USING (number) GROUP BY fault
),
listed AS MATERIALIZED (
    (SELECT fault FROM sizes ORDER BY logs DESC, fault COLLATE "C" LIMIT :largest::integer)
    UNION
    SELECT fault FROM sizes WHERE fault = ANY(:named::text[])
),
parts AS (
    SELECT number, 'all' AS part, NULL AS fault FROM alike WHERE is_whole
    UNION ALL
    SELECT number, 'group', fault FROM shown JOIN listed USING (fault)
    UNION ALL
    SELECT DISTINCT number, 'others', NULL FROM shown WHERE fault NOT IN (SELECT fault FROM listed)
    UNION ALL
    SELECT number, 'shared', NULL FROM shown GROUP BY number HAVING count(*) > 1
    UNION ALL
    SELECT number, 'without', NULL FROM alike WHERE NOT is_whole AND faults = '{}'
),
counted AS (
    SELECT part, fault, affiliate, status, in_flight, changed, sum(logs)::bigint AS logs
    FROM parts JOIN alike USING (number)
    GROUP BY part, fault, affiliate, status, in_flight, changed
)
SELECT part, fault, affiliate, status, in_flight, changed, logs, sample, (SELECT count(*) FROM sizes) AS groups
FROM counted LEFT JOIN sampled USING (part, affiliate, status, in_flight, changed)
ORDER BY part, fault, affiliate, status, in_flight, changed

-- survey_rows --
-- Chosen logs, as they are now, grouped likewise. Uses the primary key.
SELECT
    s.affiliate, s.status,
    coalesce(s.reprocess_state IN ({OPEN_ITEM_STATES}), false) AS in_flight, false AS changed,
    count(*) AS logs, (array_agg(s.id))[1:{PLAN_SAMPLES}] AS sample
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = ANY(:log_ids::uuid[])
GROUP BY s.affiliate, s.status, in_flight
ORDER BY s.affiliate, s.status, in_flight

-- sample_logs --
-- The sample of a plan. Uses the primary key.
SELECT s.id AS log_id, s.affiliate, s.key, s.status, s.code, s.processed_at
FROM status_logs s
WHERE s.account = :account::text AND s.id = ANY(:ids::uuid[])
ORDER BY s.processed_at DESC, s.id DESC

-- select_unchanged --
-- The next logs that are unchanged since :as_of, newest first, after (:after_at, :after_id). A log that changes
-- during the selection moves to the front, and is found by select_changed. Uses status_logs_by_time.
SELECT s.id, s.processed_at
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
  AND s.updated_at <= :as_of::timestamptz
  AND (s.processed_at, s.id) < (:after_at::timestamptz, :after_id::uuid)
{filter}
ORDER BY s.processed_at DESC, s.id DESC
LIMIT :limit::integer

-- select_changed --
-- The next logs that have changed since :as_of and have no item of the command yet, oldest first, after
-- (:after_at, :after_id). A log only moves forward, so that none is missed; one that is met again has its item.
-- `|| ''` leaves only reprocess_items_by_log to be used: statistics do not know items of a moment ago, so that
-- PostgreSQL would expect none and read all of them for every log.
SELECT live.id, live.processed_at
{changed_logs}
  AND (live.processed_at, live.id) > (:after_at::timestamptz, :after_id::uuid)
  AND live.reprocess_command_id IS DISTINCT FROM :command_id::text
  AND NOT EXISTS (
      SELECT FROM reprocess_items i
      WHERE i.account = live.account AND i.log_id = live.id AND i.command_id || '' = :command_id::text
  )
ORDER BY live.processed_at, live.id
LIMIT :limit::integer

-- count_joined_since --
-- New failures that match the filter, came after :as_of and are not among the items of the command. `|| ''` as above.
SELECT count(*)
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.updated_at > :as_of::timestamptz
  AND s.status <> 'success' AND s.reprocess_command_id IS DISTINCT FROM :command_id::text
  AND EXISTS (
      SELECT FROM attempts a
      WHERE a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at
        AND a.version = s.version AND a.received_at > :as_of::timestamptz
  )
  AND NOT EXISTS (
      SELECT FROM reprocess_items i
      WHERE i.account = s.account AND i.log_id = s.id AND i.command_id || '' = :command_id::text
  )
{filter}

-- set_joined_since --
UPDATE reprocess_commands SET joined_since = :logs::integer WHERE account = :account::text AND id = :command_id::text

-- insert_selection --
INSERT INTO reprocess_selections (account, command_id, phase) VALUES (:account::text, :command_id::text, 'counting')

-- claim_selection --
-- The selection that waited longest and has something to do, kept from other workers until the transaction ends.
-- Uses reprocess_selections_open.
SELECT
    p.account, p.command_id, p.phase, p.after_at, p.after_id, p.next_position,
    c.integration_type, c.state, c.mode, c.as_of, c.steps IS NOT NULL AS stepped, c.when_back, c.reason,
    c.request -> 'filter' AS asked, c.ignored_groups
FROM reprocess_selections p
JOIN reprocess_commands c ON c.account = p.account AND c.id = p.command_id
WHERE p.phase <> 'made' AND (p.phase <> 'ending' OR c.state IN ({ENDED_COMMAND_STATES}))
ORDER BY p.touched_at
LIMIT 1
FOR UPDATE OF p SKIP LOCKED

-- move_selection --
UPDATE reprocess_selections
SET phase = :phase::text, after_at = :after_at::timestamptz, after_id = :after_id::uuid,
    next_position = :next_position::integer,
    touched_at = clock_timestamp(), failures = 0
WHERE account = :account::text AND command_id = :command_id::text

-- set_selection_aside --
-- Put a selection behind all others, with more failures.
UPDATE reprocess_selections
SET touched_at = clock_timestamp(), failures = failures + :failures::integer
WHERE account = :account::text AND command_id = :command_id::text
RETURNING failures

-- set_selected --
UPDATE reprocess_commands SET selected = :logs::integer WHERE account = :account::text AND id = :command_id::text
