-- sort_value --
-- Not a statement: the value of the column :column of the log `s`, a `name` or a `number`; both null where it has none.
CASE :column::text WHEN 'key' THEN s.key WHEN 'affiliate' THEN s.affiliate WHEN 'code' THEN s.code END AS name,
CASE :column::text
    WHEN 'status' THEN array_position(:by_severity::text[], s.status) - 1
    WHEN 'attempts' THEN s.attempts
    WHEN 'first_seen_at' THEN (extract(epoch FROM s.first_seen_at) * 1000000)::bigint
END AS number

-- sorted_page --
-- Not a statement: what each way to sort ends with, after `looked`, logs among which all are that the filter matches,
-- and `told`, with their number `logs`. Sorts those that it does match, and cuts out the page next to the place of a
-- row, :after_…; all of these are null for the first page. Always answers, in `looked_at`, the number of told, and in
-- `matched` that of the filter, of both if told is :most at most. A row whose id is null is no log.
-- The place is sorted with the logs, so that the order is written once. A row of that very place is before it, or
-- behind it when the page is read :backwards, so that it is on no page twice.
-- Uses the primary key of status_logs.
matching AS MATERIALIZED (
    SELECT s.id, s.processed_at, {sort_value}
    FROM status_logs s
    WHERE (SELECT logs FROM told) <= :most::integer
      AND s.account = :account::text AND s.integration_type = :integration_type::text
      AND s.id = ANY(ARRAY(SELECT id FROM looked))
    {filter}
    {unchanged}
),
ordered AS MATERIALIZED (
    SELECT placed.id, placed.is_cursor, row_number() OVER (
        ORDER BY
            placed.name IS NULL AND placed.number IS NULL,
            CASE WHEN NOT :descending::boolean THEN placed.name END COLLATE "C",
            CASE WHEN NOT :descending::boolean THEN placed.number END,
            CASE WHEN :descending::boolean THEN placed.name END COLLATE "C" DESC,
            CASE WHEN :descending::boolean THEN placed.number END DESC,
            placed.processed_at DESC, placed.id DESC, placed.is_cursor <> :backwards::boolean
    ) AS place
    FROM (
        SELECT m.id, m.processed_at, m.name, m.number, false AS is_cursor FROM matching m
        UNION ALL
        SELECT :after_id::uuid, :after_at::timestamptz, :after_name::text, :after_number::bigint, true
        WHERE :after_at::timestamptz IS NOT NULL
    ) AS placed
),
page AS MATERIALIZED (
    SELECT o.id, abs(o.place - place.cursor) AS distance
    FROM ordered o
    CROSS JOIN (SELECT coalesce((SELECT c.place FROM ordered c WHERE c.is_cursor), 0) AS cursor) AS place
    WHERE NOT o.is_cursor
      AND CASE WHEN :backwards::boolean THEN o.place < place.cursor ELSE o.place > place.cursor END
    ORDER BY distance
    LIMIT :limit::integer
)
SELECT told.logs AS looked_at, tally.logs AS matched, found.*
FROM told
CROSS JOIN (SELECT count(*) AS logs FROM matching) AS tally
LEFT JOIN LATERAL (
    SELECT page.distance, {log_columns}
    FROM page
    JOIN status_logs s ON s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = page.id
    WHERE tally.logs <= :most::integer
) AS found ON true
ORDER BY found.distance

-- sort_logs_in_time --
-- A page in the order of a column, of logs that were processed in [:start, :end), if these are :most at most: an index
-- entry of each, and one more. Uses status_logs_by_time.
WITH looked AS MATERIALIZED (
    SELECT near.id
    FROM status_logs near
    WHERE near.account = :account::text AND near.integration_type = :integration_type::text
      AND near.processed_at >= :start::timestamptz AND near.processed_at < :end::timestamptz
    ORDER BY near.processed_at DESC, near.id DESC
    LIMIT :most::integer + 1
),
told AS MATERIALIZED (
    SELECT count(*) AS logs FROM looked
),
{sorted_page}

-- sort_logs_of_facets --
-- The same of the facets that the filter asks for, if they have :most logs at most in that time. Uses facets_by_type and
-- status_logs_by_facet.
WITH facet AS MATERIALIZED (
    {facet_ids}
),
looked AS MATERIALIZED (
    SELECT run.id
    FROM facet
    CROSS JOIN LATERAL (
        SELECT near.id
        FROM status_logs near
        WHERE near.account = :account::text AND near.facet_id = facet.id
          AND near.processed_at >= :start::timestamptz AND near.processed_at < :end::timestamptz
        ORDER BY near.processed_at DESC, near.id DESC
        LIMIT :most::integer + 1
    ) AS run
    LIMIT :most::integer + 1
),
told AS MATERIALIZED (
    SELECT count(*) AS logs FROM looked
),
{sorted_page}

-- sort_logs_found --
-- The same of what a search finds, if it finds :most logs at most by names, and as many by words. Uses the indexes of
-- find_logs.
WITH named AS MATERIALIZED (
    {find_by_names}
),
worded AS MATERIALIZED (
    SELECT logs_with_words(:integration_type::text, :words::bigint[], :most::integer + 1) AS id
),
looked AS MATERIALIZED (
    SELECT id FROM named UNION SELECT id FROM worded
),
told AS MATERIALIZED (
    SELECT greatest((SELECT count(*) FROM named), (SELECT count(*) FROM worded)) AS logs
),
{sorted_page}

-- sort_logs_of_command --
-- The same of a filter that asks for logs of a command, if it matches :most logs at most. Items are few beside logs, and
-- are read first.
WITH looked AS MATERIALIZED (
    SELECT s.id
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
    {filter}
    LIMIT :most::integer + 1
),
told AS MATERIALIZED (
    SELECT count(*) AS logs FROM looked
),
{sorted_page}
