-- log_columns --
-- Columns of logs of one account.
{SHOWN_COLUMNS}, s.message, s.errors, ({conflicts_of_log}) AS conflicts,
EXISTS (
    SELECT FROM affiliates f
    WHERE f.account = :account::text AND f.affiliate = s.affiliate AND {pause_is_on} AND s.integration_type {pauses_type}
) AS paused, ({next_try_of_log}) AS next_try_at

-- next_try_of_log --
-- When the log `s` is tried again without anybody's doing; one that waits for its turn has none. Uses the primary keys.
CASE
    WHEN s.reprocess_state = 'queued' THEN (
        SELECT greatest(i.not_before, CASE WHEN c.not_before > now() THEN c.not_before END)
        FROM reprocess_items i
        JOIN reprocess_commands c ON c.account = i.account AND c.id = i.command_id
        WHERE i.account = s.account AND i.id = s.reprocess_item_id
    )
    WHEN s.status <> 'success' AND s.reprocess_state IS DISTINCT FROM 'sent' THEN (
        SELECT r.next_at FROM automatic_retries r
        WHERE r.account = s.account AND r.log_id = s.id
          AND NOT EXISTS (SELECT FROM automatic_off o WHERE o.account = s.account)
    )
END

-- conflicts_of_log --
-- How many results about the log `s` were refused, up to {MAX_CONFLICTS}. Uses the primary key of conflicts.
SELECT count(*)::integer
FROM (
    SELECT FROM conflicts c WHERE c.account = s.account AND c.log_id = s.id LIMIT {MAX_CONFLICTS}
) AS refused

-- list_logs --
-- One page of status logs, newest first or oldest first, after (:after_at, :after_id), by a scan until it is full: for
-- filters that match many logs. Uses status_logs_by_time. storage.filters replaces what is in lower-case braces.
SELECT {log_columns}
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
  AND (s.processed_at, s.id) {past} (:after_at::timestamptz, :after_id::uuid)
{filter}
{unchanged}
ORDER BY s.processed_at {direction}, s.id {direction}
LIMIT :limit::integer

-- list_logs_near --
-- The same page among the next :most_read logs of the list alone, which ends at :last. Always answers, in `all_read`,
-- if these are all of it, when they have no full page: what there is then is the page. A row whose id is null is no
-- log. Uses status_logs_by_time.
WITH page AS MATERIALIZED (
    SELECT {log_columns}
    FROM (
        SELECT * FROM status_logs near
        WHERE near.account = :account::text AND near.integration_type = :integration_type::text
          AND (near.processed_at, near.id) {past} (:after_at::timestamptz, :after_id::uuid)
          AND near.processed_at {short_of} :last::timestamptz
        ORDER BY near.processed_at {direction}, near.id {direction}
        LIMIT :most_read::integer
    ) AS s
    WHERE true
    {filter}
    {unchanged}
    ORDER BY s.processed_at {direction}, s.id {direction}
    LIMIT :limit::integer
)
SELECT tally.all_read, page.*
FROM (
    SELECT CASE WHEN (SELECT count(*) FROM page) < :limit::integer THEN NOT EXISTS (
        SELECT FROM status_logs beyond
        WHERE beyond.account = :account::text AND beyond.integration_type = :integration_type::text
          AND (beyond.processed_at, beyond.id) {past} (:after_at::timestamptz, :after_id::uuid)
          AND beyond.processed_at {short_of} :last::timestamptz
        ORDER BY beyond.processed_at {direction}, beyond.id {direction}
        OFFSET :most_read::integer
    ) ELSE false END AS all_read
) AS tally
LEFT JOIN page ON true
ORDER BY page.processed_at {direction}, page.id {direction}

-- list_logs_of_facets --
-- The same page by merging the beginnings of the runs of facets, if there are :most_facets at most. Always answers, in
-- `facets`, their number, up to one more; a row whose id is null is no log. Uses facets_by_type and
-- status_logs_by_facet.
WITH facet AS MATERIALIZED (
    {facet_ids}
    LIMIT :most_facets::integer + 1
),
tally AS MATERIALIZED (
    SELECT count(*) AS facets FROM facet
)
SELECT tally.facets, page.*
FROM tally
LEFT JOIN LATERAL (
    SELECT {log_columns}
    FROM (
        SELECT run.processed_at, run.id
        FROM facet
        CROSS JOIN LATERAL (
            SELECT s.processed_at, s.id
            FROM status_logs s
            WHERE s.account = :account::text AND s.facet_id = facet.id
              AND (s.processed_at, s.id) {past} (:after_at::timestamptz, :after_id::uuid)
            {others}
            {unchanged}
            ORDER BY s.processed_at {direction}, s.id {direction}
            LIMIT :limit::integer
        ) AS run
        WHERE tally.facets <= :most_facets::integer
        ORDER BY run.processed_at {direction}, run.id {direction}
        LIMIT :limit::integer
    ) AS place
    JOIN status_logs s ON s.account = :account::text AND s.integration_type = :integration_type::text
        AND s.id = place.id
) AS page ON true
ORDER BY page.processed_at {direction}, page.id {direction}

-- list_logs_found --
-- The same page of the logs that a search finds by names, if they are :most_named at most, and by words, if these are
-- :most_found at most. Always answers the numbers found, in `names` and `words`, up to one more of each; a row whose
-- id is null is no log. Uses the indexes of find_logs, and the primary key.
WITH named AS MATERIALIZED (
    {find_by_names}
),
worded AS MATERIALIZED (
    SELECT logs_with_words(:integration_type::text, :words::bigint[], :most_found::integer + 1) AS id
),
tally AS MATERIALIZED (
    SELECT (SELECT count(*) FROM named) AS names, (SELECT count(*) FROM worded) AS words
)
SELECT tally.names, tally.words, page.*
FROM tally
LEFT JOIN LATERAL (
    SELECT {log_columns}
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
      AND tally.names <= :most_named::integer AND tally.words <= :most_found::integer
      AND s.id = ANY(ARRAY(SELECT id FROM named UNION SELECT id FROM worded))
      AND (s.processed_at, s.id) {past} (:after_at::timestamptz, :after_id::uuid)
    {filter}
    {unchanged}
    ORDER BY s.processed_at {direction}, s.id {direction}
    LIMIT :limit::integer
) AS page ON true
ORDER BY page.processed_at {direction}, page.id {direction}

-- sample_next --
-- Of the next :most_read logs of the list after (:after_at, :after_id): how many the filter matches, and which of :grams
-- fewer than :frequent of them have. Uses status_logs_by_time, and the primary key of log_names.
WITH sampled AS MATERIALIZED (
    SELECT s.id, s.words, (SELECT n.grams FROM log_names n WHERE n.log_id = s.id) AS grams
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
      AND (s.processed_at, s.id) {past} (:after_at::timestamptz, :after_id::uuid)
    ORDER BY s.processed_at {direction}, s.id {direction}
    LIMIT :most_read::integer
)
SELECT
    (SELECT count(*) FROM sampled s WHERE true {filter}) AS logs,
    ARRAY(
        SELECT gram.number FROM unnest(:grams::integer[]) AS gram (number)
        WHERE (SELECT count(*) FROM sampled WHERE gram.number = ANY(sampled.grams)) < :frequent::integer
    ) AS rare

-- newest_at --
-- The processing date of the newest log of one type; null where there is none. Uses status_logs_by_time.
SELECT s.processed_at
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
ORDER BY s.processed_at DESC, s.id DESC
LIMIT 1

-- facet_ids --
-- Facets of one type. `facets` has the columns of the conditions. Uses facets_by_type.
SELECT s.id FROM facets s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
{dimensions}

-- list_facets --
-- Up to :limit of them.
{facet_ids}
LIMIT :limit::integer

-- count_logs_of_facets --
-- The number of logs of :facets. Uses the primary key of log_days, and log_changes_by_type.
SELECT coalesce(sum(counted.logs), 0)::bigint
FROM (
    SELECT d.logs FROM log_days d
    WHERE d.account = :account::text AND d.integration_type = :integration_type::text
      AND d.facet_id = ANY(:facets::uuid[])
    UNION ALL
    SELECT c.logs FROM log_changes c
    WHERE c.account = :account::text AND c.integration_type = :integration_type::text
      AND c.facet_id = ANY(:facets::uuid[])
) AS counted

-- find_by_names --
-- Up to :most_named logs of one type, and one more, with a name that contains :part, and as many with one of :names; a
-- log comes as often as it is found. These and their numbers :grams and :whole are of schemas.search.query.Search.
-- Uses log_names_by_gram.
SELECT logs_named(:integration_type::text, :part::text, :grams::integer[], :most_named::integer + 1) AS id
UNION ALL
SELECT logs_named_one_of(:integration_type::text, :names::text[], :whole::integer[], :most_named::integer + 1)

-- find_logs --
-- The same, and up to :most_found by :words, and one more; `named` are the former. Uses status_logs_by_word too.
SELECT id, true AS named FROM (
    {find_by_names}
) AS name
UNION ALL
SELECT logs_with_words(:integration_type::text, :words::bigint[], :most_found::integer + 1), false

-- find_listed --
-- Those of :names that some log of one type has. Uses log_names_by_gram and the primary key of log_names.
SELECT DISTINCT each.name
FROM log_names n
CROSS JOIN LATERAL unnest(string_to_array(n.names, E'\n')) AS each (name)
WHERE n.account = :account::text
  AND n.log_id = ANY(ARRAY(
      SELECT logs_named_one_of(:integration_type::text, :names::text[], :whole::integer[], :most_named::integer)
  ))
  AND each.name = ANY(:names::text[])

-- has_log --
-- One row if there is such a log. Uses the primary key.
SELECT EXISTS (
    SELECT FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = :log_id::uuid
)

-- attempt_columns --
-- Columns of an attempt, with names that differ from those of a log.
a.result_id AS attempt_result_id, a.event_id AS attempt_event_id, a.source AS attempt_source,
a.status AS attempt_status, a.processed_at AS attempt_processed_at, a.received_at AS attempt_received_at,
a.message AS attempt_message, a.body AS attempt_body, a.structured AS attempt_structured, a.late AS attempt_late,
a.altered AS attempt_altered, a.alterations AS attempt_alterations, a.item_id AS attempt_item_id,
a.evidence_expired_at AS attempt_evidence_expired_at, a.extensions AS attempt_extensions

-- aliases_of_log --
-- Not a statement: a log's aliases, each with its kind.
SELECT ARRAY[n.name, n.value] FROM aliases_of(s.account, s.id) AS n
ORDER BY n.name COLLATE "C", n.value COLLATE "C"

-- list_aliases --
-- The aliases of some logs. Uses the primary keys of logs and names.
SELECT s.id, ARRAY({aliases_of_log}) AS aliases
FROM status_logs s
WHERE s.account = :account::text AND s.id = ANY(:log_ids::uuid[])

-- get_log --
{log_with_details} AND s.id = :log_id::uuid

-- get_detailed_logs --
-- Those of the logs :log_ids that exist.
{log_with_details} AND s.id = ANY(:log_ids::uuid[])

-- log_with_details --
-- A status log with every name of the entity, the attempt that it shows, unless retention has deleted that, and the
-- sources of its newest {SOURCED_ATTEMPTS} attempts, the last one first. Uses the primary keys of logs and names, and
-- attempts_by_log.
SELECT {log_columns}, {attempt_columns},
    ARRAY({aliases_of_log}) AS aliases,
    (
        SELECT coalesce(json_agg(json_build_object('source', said.source, 'results', said.results)), '[]')
        FROM (
            SELECT newest.source, count(*) AS results
            FROM (
                SELECT t.source, t.processed_at FROM attempts t WHERE t.account = s.account AND t.log_id = s.id
                ORDER BY t.processed_at DESC LIMIT {SOURCED_ATTEMPTS}
            ) AS newest
            GROUP BY newest.source
            ORDER BY max(newest.processed_at) DESC, newest.source
        ) AS said
    ) AS sources
FROM status_logs s
LEFT JOIN attempts a
    ON a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at
    AND a.source = s.source AND a.event_id = s.event_id
WHERE s.account = :account::text AND s.integration_type = :integration_type::text

-- get_logs --
-- Those of the logs :log_ids that exist. Uses the primary key.
SELECT {log_columns}
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = ANY(:log_ids::uuid[])

-- get_shown_attempts --
-- Attempts that the logs :log_ids show, in this order, until they are :most_bytes together, and one in any case; null
-- for one that retention has deleted. Sizes are known without reading. Uses the primary key of status_logs, and attempts_by_log.
SELECT {attempt_columns}
FROM (
    SELECT wanted.place, attempt.*,
        coalesce(sum(octet_length(attempt.body)) OVER (ORDER BY wanted.place), 0) AS bytes_so_far
    FROM unnest(:log_ids::uuid[]) WITH ORDINALITY AS wanted (id, place)
    JOIN status_logs s ON s.account = :account::text AND s.id = wanted.id
    LEFT JOIN attempts attempt
        ON attempt.account = s.account AND attempt.log_id = s.id AND attempt.processed_at = s.processed_at
        AND attempt.source = s.source AND attempt.event_id = s.event_id
) AS a
WHERE a.place = 1 OR a.bytes_so_far <= :most_bytes::bigint
ORDER BY a.place

-- get_attempts --
-- Attempts of one log, arrays with time and result of each. Uses attempts_by_log, one partition each.
SELECT {attempt_columns}
FROM unnest(:processed_at::timestamptz[], :result_id::uuid[]) AS wanted (processed_at, result_id)
JOIN attempts a
    ON a.account = :account::text AND a.log_id = :log_id::uuid
    AND a.processed_at = wanted.processed_at AND a.result_id = wanted.result_id

-- get_last_successes --
-- The last success of each of some logs among its newest {SOURCED_ATTEMPTS} attempts before a time, arrays with the id of
-- each log and its time. Uses attempts_by_log.
SELECT wanted.log_id, {attempt_columns}
FROM unnest(:log_id::uuid[], :before::timestamptz[]) AS wanted (log_id, before)
CROSS JOIN LATERAL (
    SELECT newest.* FROM (
        SELECT earlier.* FROM attempts earlier
        WHERE earlier.account = :account::text AND earlier.log_id = wanted.log_id
          AND earlier.processed_at < wanted.before
        ORDER BY earlier.processed_at DESC
        LIMIT {SOURCED_ATTEMPTS}
    ) AS newest
    WHERE newest.status = 'success'
    ORDER BY newest.processed_at DESC
    LIMIT 1
) AS a

-- get_conflicts --
-- Refused results about one log, by id. Uses the primary key of conflicts.
SELECT c.id, c.source, c.event_id, c.status, c.processed_at
FROM conflicts c
WHERE c.account = :account::text AND c.log_id = :log_id::uuid AND c.id = ANY(:ids::uuid[])

-- timeline --
-- One page of the timeline of one log, newest first, after (:after_at, :after_name): attempts by processed_at, the
-- steps of its reprocesses and the results that were refused by their time. `bytes` is the size of the evidence, known
-- without reading it. Uses attempts_by_log, the primary key of conflicts, and reprocess_items_by_log.
SELECT entry.at, entry.name, entry.id, entry.bytes
FROM (
    (
        SELECT a.processed_at AS at, 'attempt/' || a.result_id AS name, a.result_id AS id,
            octet_length(a.body) AS bytes
        FROM attempts a
        WHERE a.account = :account::text AND a.log_id = :log_id::uuid
          AND a.processed_at <= :after_at::timestamptz
          AND (a.processed_at, 'attempt/' || a.result_id) < (:after_at::timestamptz, :after_name::text)
        ORDER BY a.processed_at DESC, name DESC
        LIMIT :limit::integer
    )
    UNION ALL
    SELECT step.at, step.name || '/' || i.id, i.id, 0
    FROM reprocess_items i
    CROSS JOIN LATERAL (
        VALUES
            (i.created_at, 'requested'), (i.healed_at, 'healed'), (i.sent_at, 'sent'), (i.silent_at, 'silent'),
            (i.answered_at, 'answered')
    ) AS step (at, name)
    WHERE i.account = :account::text AND i.log_id = :log_id::uuid AND step.at IS NOT NULL
      AND (step.at, step.name || '/' || i.id) < (:after_at::timestamptz, :after_name::text)
    UNION ALL
    SELECT c.received_at, 'conflict/' || c.id, c.id, 0
    FROM conflicts c
    WHERE c.account = :account::text AND c.log_id = :log_id::uuid
      AND (c.received_at, 'conflict/' || c.id) < (:after_at::timestamptz, :after_name::text)
) AS entry
ORDER BY entry.at DESC, entry.name COLLATE "C" DESC
LIMIT :limit::integer

-- newest_names --
-- Of each of :types, the names of the newest :most_read logs, and the grams that :frequent of them have; of a log with
-- many names the first :characters, and as many grams. Uses status_logs_by_time, and the primary key of log_names.
SELECT type.name AS type, sampled.names, sampled.frequent
FROM unnest(:types::text[]) AS type (name)
CROSS JOIN LATERAL (
    WITH newest AS MATERIALIZED (
        SELECT left(n.names, :characters::integer) AS names, n.grams[1:(:characters::integer)] AS grams
        FROM (
            SELECT s.id FROM status_logs s
            WHERE s.account = :account::text AND s.integration_type = type.name
            ORDER BY s.processed_at DESC, s.id DESC
            LIMIT :most_read::integer
        ) AS s
        CROSS JOIN LATERAL (SELECT n.names, n.grams FROM log_names n WHERE n.log_id = s.id LIMIT 1) AS n
    )
    SELECT
        ARRAY(SELECT names FROM newest) AS names,
        ARRAY(
            SELECT each.gram FROM newest CROSS JOIN unnest(newest.grams) AS each (gram)
            GROUP BY 1 HAVING count(*) >= :frequent::integer
        ) AS frequent
) AS sampled

-- search_logs --
-- Logs of several types with a name that contains :part or is one of :names: whole names first, then newest. Arrays
-- with one element for each type: its name, the numbers of :part and of :names there, and if it is :scanned. Of one that
-- is, the newest :most_read logs are read until there are enough; uses status_logs_by_time and the primary key of
-- log_names. Of one with numbers of :part, up to :most_named logs are picked; uses log_names_by_gram.
WITH named AS (
    SELECT hit.id, hit.exact
    FROM unnest(:types::text[], :grams::text[], :whole::text[], :scanned::boolean[])
        AS type (name, grams, whole, scanned)
    CROSS JOIN LATERAL (
        SELECT logs_named_one_of(type.name, :names::text[], type.whole::integer[], :limit::integer) AS id, true AS exact
        UNION ALL
        SELECT logs_named(type.name, :part::text, type.grams::integer[], :most_named::integer), false
        UNION ALL
        (
            SELECT s.id, false
            FROM (
                SELECT near.id, near.processed_at FROM status_logs near
                WHERE type.scanned AND near.account = :account::text AND near.integration_type = type.name
                ORDER BY near.processed_at DESC, near.id DESC
                LIMIT :most_read::integer
            ) AS s
            WHERE (SELECT strpos(n.names, :part::text) > 0 FROM log_names n WHERE n.log_id = s.id)
            ORDER BY s.processed_at DESC, s.id DESC
            LIMIT :limit::integer
        )
    ) AS hit
),
found AS (
    SELECT id, bool_or(exact) AS exact FROM named GROUP BY id
)
SELECT {log_columns}
FROM found
JOIN status_logs s ON s.account = :account::text AND s.id = found.id
ORDER BY found.exact DESC, s.processed_at DESC, s.id DESC
LIMIT :limit::integer
