-- why_limit --
-- Bound each statement of the transaction that follows.
SELECT set_config('statement_timeout', :timeout::text, true)

-- why_fault --
-- When a fault was first seen, its affiliate, and its results by hour since :since. Uses the primary keys of faults and
-- fault_hours, and fault_changes_by_type.
SELECT f.first_seen_at, {affiliate_of}, counted.hours, counted.results
FROM (
    SELECT :account::text AS account, :integration_type::text AS integration_type, :fingerprint::text AS fingerprint,
        min(known.first_seen_at) AS first_seen_at
    FROM (
        SELECT o.first_seen_at FROM faults o
        WHERE o.account = :account::text AND o.integration_type = :integration_type::text
          AND o.fingerprint = :fingerprint::text
        UNION ALL
        SELECT c.first_seen_at FROM fault_changes c
        WHERE c.account = :account::text AND c.integration_type = :integration_type::text
          AND c.fingerprint = :fingerprint::text
    ) AS known
) AS f
CROSS JOIN (
    SELECT coalesce(array_agg(each.hour), '{}') AS hours, coalesce(array_agg(each.results), '{}') AS results
    FROM (
        SELECT part.hour, sum(part.results)::bigint AS results
        FROM (
            SELECT h.hour, h.results FROM fault_hours h
            WHERE h.account = :account::text AND h.integration_type = :integration_type::text
              AND h.fingerprint = :fingerprint::text AND h.hour >= :since::timestamptz
            UNION ALL
            SELECT c.hour, c.results FROM fault_changes c
            WHERE c.account = :account::text AND c.integration_type = :integration_type::text
              AND c.fingerprint = :fingerprint::text AND c.hour >= :since::timestamptz
        ) AS part
        GROUP BY 1
    ) AS each
) AS counted
WHERE f.first_seen_at IS NOT NULL

-- why_facets --
-- Facets of an affiliate with logs of the day of :since or later, most logs first: how many, and if they show one of
-- :faults, or, in general, an error. Uses the primary keys of log_days and facets, and log_changes_by_type.
WITH counted AS (
    SELECT part.facet_id, sum(part.logs)::bigint AS logs
    FROM (
        SELECT d.facet_id, d.logs FROM log_days d
        WHERE d.account = :account::text AND d.integration_type = :integration_type::text
          AND d.day >= date_trunc('day', :since::timestamptz, 'UTC')
        UNION ALL
        SELECT c.facet_id, c.logs FROM log_changes c
        WHERE c.account = :account::text AND c.integration_type = :integration_type::text
          AND c.hour >= date_trunc('day', :since::timestamptz, 'UTC')
    ) AS part
    GROUP BY 1
    HAVING sum(part.logs) > 0
)
SELECT s.id, counted.logs, s.status = 'error' AS failed,
    CASE WHEN :in_general::boolean THEN s.status = 'error' ELSE s.fingerprints && :faults::text[] END AS affected
FROM counted
JOIN facets s ON s.account = :account::text AND s.id = counted.facet_id
WHERE s.affiliate = :affiliate::text
ORDER BY counted.logs DESC, s.id

-- why_logs --
-- Logs of some facets: arrays of facets with how many of each, and of slices of time. Of each facet the first ones that
-- were processed in each slice, then the second ones, and so on: what one slice lacks is taken from others. Uses
-- status_logs_by_facet.
SELECT turns.id AS log_id
FROM (
    SELECT found.id, facet.most, row_number() OVER (PARTITION BY facet.id ORDER BY found.place, slice.start) AS turn
    FROM unnest(:facet_id::uuid[], :most::integer[]) AS facet (id, most)
    CROSS JOIN unnest(:slice_from::timestamptz[], :slice_to::timestamptz[]) AS slice (start, finish)
    CROSS JOIN LATERAL (
        SELECT s.id, row_number() OVER (ORDER BY s.processed_at, s.id) AS place
        FROM status_logs s
        WHERE s.account = :account::text AND s.facet_id = facet.id
          AND s.processed_at >= slice.start AND s.processed_at < slice.finish
        ORDER BY s.processed_at, s.id
        LIMIT facet.most
    ) AS found
) AS turns
WHERE turns.turn <= turns.most

-- why_reprocessed --
-- Logs that were reprocessed because of one of :faults, up to :limit of any: they may show something else by now. Uses
-- reprocess_items_by_fingerprint.
SELECT DISTINCT item.log_id
FROM (
    SELECT i.log_id FROM reprocess_items i
    WHERE i.account = :account::text AND i.before_fingerprint = ANY(:faults::text[])
    LIMIT :limit::integer
) AS item

-- why_attempts --
-- Attempts of the logs :log_ids in [:since, :until), the newest :each of each log. Bodies of :most_bytes at most, until
-- they are :most_bytes_together, in the order of ids, which are hashes; of others null. Sizes are known without reading. Uses
-- attempts_by_log and the primary key of reprocess_items.
SELECT
    a.log_id, a.key, a.processed_at, a.received_at, a.status, a.source, a.code, a.category, a.other_codes,
    a.other_categories, a.fingerprint, a.other_fingerprints, a.structured, a.extensions,
    a.evidence_expired_at IS NULL AS has_evidence, i.mode,
    CASE WHEN a.bytes <= :most_bytes::bigint AND a.bytes_so_far <= :most_bytes_together::bigint THEN a.body END AS body
FROM (
    SELECT one.*, octet_length(one.body) AS bytes,
        sum(least(octet_length(one.body), :most_bytes::bigint)) OVER (ORDER BY one.result_id) AS bytes_so_far
    FROM unnest(:log_ids::uuid[]) AS log (id)
    CROSS JOIN LATERAL (
        SELECT t.* FROM attempts t
        WHERE t.account = :account::text AND t.log_id = log.id
          AND t.processed_at >= :since::timestamptz AND t.processed_at < :until::timestamptz
        ORDER BY t.processed_at DESC
        LIMIT :each::integer
    ) AS one
) AS a
LEFT JOIN reprocess_items i ON i.account = :account::text AND i.id = a.item_id

-- why_affiliates --
-- Results by affiliate in the hours of [:since, :until), and those that failed with one of :codes; with any where none
-- is given. Uses the primary keys of result_hours and result_facets.
SELECT f.affiliate, sum(h.results)::bigint AS results,
    coalesce(sum(h.results) FILTER (
        WHERE f.status = 'error' AND (:codes::text[] = '{}' OR f.codes && :codes::text[])
    ), 0)::bigint AS affected
FROM result_hours h
JOIN result_facets f ON f.account = :account::text AND f.id = h.facet_id
WHERE h.account = :account::text AND h.integration_type = :integration_type::text
  AND h.hour >= :since::timestamptz AND h.hour < :until::timestamptz
GROUP BY 1

-- why_codes --
-- Codes of faults, if all of them have one. Uses the primary key.
SELECT CASE WHEN count(*) = count(f.code) THEN coalesce(array_agg(DISTINCT f.code), '{}') END AS codes
FROM faults f
WHERE f.account = :account::text AND f.integration_type = :integration_type::text
  AND f.fingerprint = ANY(:faults::text[])

-- why_successes --
-- The last :each successes of each log before a time, with evidence of :most_bytes at most; arrays of logs and times.
-- Uses attempts_by_log.
SELECT log.id AS log_id, a.processed_at, a.structured, a.extensions, a.body
FROM unnest(:log_ids::uuid[], :before::timestamptz[]) AS log (id, before)
CROSS JOIN LATERAL (
    SELECT t.processed_at, t.structured, t.extensions, t.body FROM attempts t
    WHERE t.account = :account::text AND t.log_id = log.id AND t.processed_at < log.before
      AND t.status = 'success' AND t.evidence_expired_at IS NULL AND octet_length(t.body) <= :most_bytes::bigint
    ORDER BY t.processed_at DESC
    LIMIT :each::integer
) AS a
ORDER BY log.id, a.processed_at DESC
