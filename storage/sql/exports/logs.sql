-- alias_lines --
-- Every alias of the log `id` of the query around, a line each.
SELECT nullif(array_to_string(ARRAY(
    SELECT n.name || ': ' || n.value FROM aliases_of(:account::text, id) AS n
    ORDER BY n.name COLLATE "C", n.value COLLATE "C"
), E'\n'), '')

-- alias_object --
-- Every alias of the log `id` of the query around, as the query API has them.
SELECT json_object_agg(named.name, named.of_it ORDER BY named.name COLLATE "C")
FROM (
    SELECT n.name, array_agg(n.value ORDER BY n.value COLLATE "C") AS of_it
    FROM aliases_of(:account::text, id) AS n
    GROUP BY n.name
) AS named

-- export_logs --
-- All logs that the filter matches, newest first. The result that each log shows is joined for its errors, and for
-- a message that the log has cut, and only then: reading it costs more than the log itself. `json`, not jsonb, so that
-- a number of any size passes. LATERAL … LIMIT 1 reads one attempt at a time, in the order of
-- status_logs_by_time, so that the first row comes at once; uses attempts_by_log.
SELECT
    {SHOWN_COLUMNS},
    CASE
        WHEN length(s.message) < {MAX_SHOWN_MESSAGE} THEN s.message
        ELSE coalesce(
            nullif(shown.data ->> 'message', ''),
            (
                SELECT told ->> 'message'
                FROM json_array_elements(
                    CASE WHEN json_typeof(shown.data -> 'errors') = 'array' THEN shown.data -> 'errors' END
                ) AS told
                WHERE starts_with(told ->> 'message', s.message)
                LIMIT 1
            ),
            s.message
        )
    END AS message,
    CASE WHEN s.status <> 'success' AND json_typeof(shown.data -> 'errors') = 'array' THEN shown.data -> 'errors' END
        AS errors,
    ({alias_lines}) AS aliases, ({conflicts_of_log}) AS conflicts
FROM status_logs s
LEFT JOIN LATERAL (
    SELECT CASE WHEN a.structured THEN a.body::json -> 'data' ELSE a.body::json END AS data
    FROM attempts a
    -- Not a condition of the join: that would be checked after the attempt has been read.
    WHERE (s.status <> 'success' OR length(s.message) >= {MAX_SHOWN_MESSAGE})
      AND a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at AND a.version = s.version
    LIMIT 1
) AS shown ON true
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
{filter}
ORDER BY s.processed_at DESC, s.id DESC

-- export_csv --
-- The logs of export_logs as the columns of schemas.columns, with text guarded. :link begins a link, :statuses and
-- :states are JSON with their words. The order is that of export_logs: nothing here changes it.
SELECT
    {CSV_COLUMNS}
FROM (
    {export_logs}
) AS log
LEFT JOIN LATERAL (
    SELECT string_agg(
        concat_ws(': ', nullif(error ->> 'code', ''), nullif(error ->> 'message', '')), E'\n' ORDER BY number
    ) AS text
    FROM json_array_elements(log.errors) WITH ORDINALITY AS each (error, number)
    WHERE log.errors IS NOT NULL
) AS listed ON true

-- export_jsonl --
-- The logs of export_logs as one JSON object each, with the names of the query API, times in UTC. Of an error the fields
-- of the contract are as they came; others are evidence, which no export has. Between tokens there may be line breaks;
-- those in strings are escaped.
SELECT replace(replace(json_build_object(
    {JSON_MEMBERS}
)::text, E'\n', ' '), E'\r', ' ')
FROM (
    {export_logs}
) AS log
LEFT JOIN LATERAL ({alias_object}) AS named (object) ON true
LEFT JOIN LATERAL (
    SELECT json_agg((
        SELECT json_object_agg(known.name, known.value)
        FROM json_each(CASE WHEN json_typeof(error) = 'object' THEN error END) AS known (name, value)
        WHERE known.name IN ({FIELDS_OF_ERROR})
    ) ORDER BY number) AS errors
    FROM json_array_elements(log.errors) WITH ORDINALITY AS each (error, number)
    WHERE log.errors IS NOT NULL
) AS listed ON true

-- fixable_values --
-- The result that each of these logs shows, and some fields of its kept request as JSON texts, digit for digit: null for
-- one that is not there, and all of them in a request from which something was taken out. Uses the primary key and
-- attempts_by_log.
SELECT s.id, s.event_id, ARRAY(
    SELECT (kept.request::json #> path.parts::text[])::text
    FROM unnest(:paths::text[]) WITH ORDINALITY AS path (parts, number)
    ORDER BY path.number
) AS values
FROM status_logs s
CROSS JOIN LATERAL (
    SELECT {request_of_attempt} AS request
    FROM attempts a
    WHERE a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at AND a.version = s.version
    LIMIT 1
) AS kept
WHERE s.account = :account::text AND s.id = ANY(:log_ids::uuid[]) AND strpos(kept.request, :redacted::text) = 0

-- export_count --
-- The number of logs that the filter matches, and the time of this snapshot.
SELECT count(*) AS logs, now() AS as_of
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
{filter}

-- export_counts --
-- Counts by status, by affiliate and by error group, of which a log may have several: in all, of the last 24 hours, of
-- the 24 hours before; of each kind the :largest largest. The text of a group is the sample of its fault: the message of
-- a log may be that of the result, or of another error.
WITH matched AS (
    SELECT
        s.status, s.affiliate, s.fingerprint, s.other_fingerprints, s.processed_at,
        s.processed_at > now() - interval '24 hours' AS is_last_day,
        s.processed_at > now() - interval '48 hours' AND s.processed_at <= now() - interval '24 hours' AS is_day_before
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
    {filter}
),
counted AS (
    SELECT
        CASE WHEN grouping(status) = 0 THEN 'status' ELSE 'affiliate' END AS kind,
        coalesce(status, affiliate) AS name, NULL::text[] AS affiliates, count(*) AS total,
        count(*) FILTER (WHERE is_last_day) AS last_day, count(*) FILTER (WHERE is_day_before) AS day_before
    FROM matched
    GROUP BY GROUPING SETS ((status), (affiliate))
    UNION ALL
    SELECT
        'group', fault.fingerprint, array_agg(DISTINCT m.affiliate ORDER BY m.affiliate), count(*),
        count(*) FILTER (WHERE m.is_last_day), count(*) FILTER (WHERE m.is_day_before)
    FROM matched m
    CROSS JOIN LATERAL unnest(array_append(m.other_fingerprints, m.fingerprint)) AS fault (fingerprint)
    WHERE m.fingerprint IS NOT NULL
    GROUP BY 2
)
SELECT
    placed.kind, placed.name, placed.affiliates, fault.code,
    left(fault.message, {GROUP_MESSAGE_CHARACTERS}) AS message, fault.category,
    placed.total, placed.last_day, placed.day_before
FROM (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY total DESC, name) AS place
    FROM counted
) AS placed
LEFT JOIN LATERAL (
    SELECT min(known.code) AS code, min(known.message) AS message, min(known.category) AS category
    FROM ({fault_texts}) AS known
    WHERE known.fingerprint = placed.name
) AS fault ON placed.kind = 'group'
WHERE placed.place <= :largest::integer
ORDER BY placed.kind, placed.place

-- export_days --
-- Counts by day in the time zone :timezone, and status, from the day :first on.
SELECT (s.processed_at AT TIME ZONE :timezone::text)::date AS day, s.status, count(*) AS logs
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
  AND s.processed_at >= :first::date::timestamp AT TIME ZONE :timezone::text
{filter}
GROUP BY 1, 2

-- insert_export --
INSERT INTO exports (
    account, id, integration_type, format, filter, language, timezone, requested_by, key_id, key_name,
    command_id, item_state, has_evidence, ends_by
)
VALUES (
    :account::text, :id::uuid, :integration_type::text, :format::text, :filter::jsonb, :language::text,
    :timezone::text, :requested_by::text, :key_id::uuid, :key_name::text, :command_id::text,
    :item_state::text, :has_evidence::boolean, now() + make_interval(secs => :seconds::double precision)
)

-- insert_export_outcome --
-- The first outcome stays; an export without an order gets none.
INSERT INTO export_outcomes (account, export_id, state, rows, reason)
SELECT :account::text, :id::uuid, :state::text, :rows::bigint, :reason::jsonb
WHERE EXISTS (SELECT FROM exports WHERE account = :account::text AND id = :id::uuid)
ON CONFLICT DO NOTHING

-- audited_exports --
-- Lines of the audit, each with its outcome.
SELECT
    e.id, e.account, e.integration_type, e.format, e.filter, e.language, e.timezone, e.requested_by, e.requested_at,
    e.command_id, e.item_state, e.has_evidence, o.state, o.rows, o.reason, o.finished_at,
    o.state IS NULL AND now() > e.ends_by AS is_lost
FROM exports e
LEFT JOIN export_outcomes o ON o.account = e.account AND o.export_id = e.id

-- list_exports --
-- One page of the audit, newest first, after (:after_at, :after_id). Uses exports_by_time.
{audited_exports}
WHERE e.account = :account::text AND (e.requested_at, e.id) < (:after_at::timestamptz, :after_id::uuid)
ORDER BY e.requested_at DESC, e.id DESC
LIMIT :limit::integer

-- get_export --
-- One line of the audit. Uses the primary keys.
{audited_exports}
WHERE e.account = :account::text AND e.id = :id::uuid
