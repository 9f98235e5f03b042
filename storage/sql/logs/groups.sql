-- by_fingerprint --
-- (facet_id, logs, …) as `counted`, as one page of groups of equal errors: most logs first, then by fingerprint. A log
-- is in the group of each of its errors. After (:after_logs, :after_fingerprint), up to :limit.
SELECT
    fault.fingerprint, array_agg(DISTINCT s.affiliate) AS affiliates,
    array_agg(DISTINCT s.status) AS statuses, sum(counted.logs)::bigint AS logs,
    (array_agg(counted.newest ORDER BY counted.newest_at DESC, counted.newest DESC))[1] AS newest
FROM counted
JOIN facets s ON s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = counted.facet_id
CROSS JOIN LATERAL unnest(s.fingerprints) AS fault (fingerprint)
WHERE true
{dimensions}
GROUP BY fault.fingerprint
HAVING sum(counted.logs) < :after_logs::bigint
    OR (sum(counted.logs) = :after_logs::bigint AND fault.fingerprint > :after_fingerprint::text)
ORDER BY logs DESC, fault.fingerprint
LIMIT :limit::integer

-- list_groups --
-- Groups of the logs that count_logs counts, of the same spans; the newest log of each is not known yet.
WITH parts AS (
    {counted_days}
    UNION ALL
    {counted_rest}
),
counted AS (
    -- A facet without logs is in no group.
    SELECT facet_id, sum(logs) AS logs, NULL::uuid AS newest, NULL::timestamptz AS newest_at
    FROM parts GROUP BY 1 HAVING sum(logs) <> 0
)
{by_fingerprint}

-- list_groups_among --
-- list_groups for those of the logs :among that were processed in [:start, :end): for a search that finds few.
-- Uses the primary key of status_logs: `+ '0'` as in count_logs_among.
WITH counted AS (
    SELECT
        s.facet_id, count(*) AS logs, max(s.processed_at) AS newest_at,
        (array_agg(s.id ORDER BY s.processed_at DESC, s.id DESC))[1] AS newest
    FROM status_logs s
    WHERE s.account = :account::text AND s.id = ANY(:among::uuid[])
      AND s.processed_at + interval '0' >= :start::timestamptz AND s.processed_at + interval '0' < :end::timestamptz
    GROUP BY 1
)
{by_fingerprint}

-- list_groups_found --
-- list_groups for the logs that find_logs finds, of the facets :facets, in [:start, :end): for a search that finds
-- many. As in count_logs_found, no row of a log is read, and nested loops must be off.
WITH found AS MATERIALIZED (
    SELECT DISTINCT id FROM (
        {find_logs}
    ) AS name
),
counted AS (
    SELECT
        s.facet_id, count(*) AS logs, max(s.processed_at) AS newest_at,
        (array_agg(s.id ORDER BY s.processed_at DESC, s.id DESC))[1] AS newest
    FROM status_logs s
    JOIN found ON found.id = s.id
    WHERE s.account = :account::text AND s.facet_id = ANY(:facets::uuid[])
      AND s.processed_at >= :start::timestamptz AND s.processed_at < :end::timestamptz
    GROUP BY 1
)
{by_fingerprint}

-- list_fault_facets --
-- Facets with a fault.
{facet_ids}
AND s.fingerprints <> '{}'

-- newest_of_groups --
-- The newest log of each of :fingerprints in [:start, :end). Uses facets_by_type and status_logs_by_facet.
SELECT DISTINCT ON (facet.fingerprint) facet.fingerprint, newest.id
FROM (
    SELECT s.id, fault.fingerprint FROM facets s
    CROSS JOIN LATERAL unnest(s.fingerprints) AS fault (fingerprint)
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
      AND fault.fingerprint = ANY(:fingerprints::text[])
    {dimensions}
) AS facet
CROSS JOIN LATERAL (
    SELECT s.id, s.processed_at
    FROM status_logs s
    WHERE s.account = :account::text AND s.facet_id = facet.id
      AND s.processed_at >= :start::timestamptz AND s.processed_at < :end::timestamptz
    ORDER BY s.processed_at DESC, s.id DESC
    LIMIT 1
) AS newest
ORDER BY facet.fingerprint, newest.processed_at DESC, newest.id DESC

-- sample_group_logs --
-- The samples of groups. Uses the primary key.
SELECT s.id, s.affiliate, s.key, s.code, s.message FROM status_logs s WHERE s.account = :account::text AND s.id = ANY(:ids::uuid[])

-- read_faults --
-- Code, category, a message, times and counts of the faults :fingerprints: within the retention, since the hour :recent, and from :before to
-- :recent. Uses the primary keys of faults and fault_hours, and fault_changes_by_type.
WITH waiting AS (
    SELECT
        c.fingerprint, c.hour, c.results, c.first_seen_at, c.last_seen_at, c.received_at, c.code, c.category, c.message
    FROM fault_changes c
    WHERE c.account = :account::text AND c.integration_type = :integration_type::text
      AND c.fingerprint = ANY(:fingerprints::text[])
),
recent AS (
    SELECT h.fingerprint, h.hour, h.results
    FROM fault_hours h
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.fingerprint = ANY(:fingerprints::text[])
      AND h.hour >= :before::timestamptz
    UNION ALL
    SELECT w.fingerprint, w.hour, w.results FROM waiting w WHERE w.hour >= :before::timestamptz
),
known AS (
    SELECT
        f.fingerprint, f.results, f.first_seen_at, f.last_seen_at, f.last_received_at, f.code, f.category, f.message
    FROM faults f
    WHERE f.account = :account::text AND f.integration_type = :integration_type::text
      AND f.fingerprint = ANY(:fingerprints::text[])
    UNION ALL
    SELECT w.fingerprint, w.results, w.first_seen_at, w.last_seen_at, w.received_at, w.code, w.category, w.message
    FROM waiting w
)
SELECT fault.*, coalesce(trend.last_24_hours, 0) AS last_24_hours, coalesce(trend.before, 0) AS the_24_hours_before
FROM (
    SELECT
        k.fingerprint, sum(k.results)::bigint AS results, min(k.first_seen_at) AS first_seen_at,
        max(k.last_seen_at) AS last_seen_at, max(k.last_received_at) AS last_received_at,
        min(k.code) AS code, min(k.category) AS category, min(k.message) AS message
    FROM known k
    GROUP BY k.fingerprint
) AS fault
LEFT JOIN (
    SELECT
        r.fingerprint,
        sum(r.results) FILTER (WHERE r.hour >= :recent::timestamptz)::bigint AS last_24_hours,
        sum(r.results) FILTER (WHERE r.hour < :recent::timestamptz)::bigint AS before
    FROM recent r
    GROUP BY r.fingerprint
) AS trend USING (fingerprint)

-- read_fault_days --
-- Failed results of the faults :fingerprints by day of UTC, from :since on. Uses the primary key of fault_hours, and
-- fault_changes_by_type.
SELECT fingerprint, date_trunc('day', hour, 'UTC') AS day, sum(results)::bigint AS results
FROM (
    SELECT h.fingerprint, h.hour, h.results
    FROM fault_hours h
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.fingerprint = ANY(:fingerprints::text[]) AND h.hour >= :since::timestamptz
    UNION ALL
    SELECT c.fingerprint, c.hour, c.results
    FROM fault_changes c
    WHERE c.account = :account::text AND c.integration_type = :integration_type::text
      AND c.fingerprint = ANY(:fingerprints::text[]) AND c.hour >= :since::timestamptz
) AS counted
GROUP BY 1, 2

-- count_cures --
-- Outcomes of the items that were requested because of the faults :fingerprints. Uses
-- reprocess_items_by_fingerprint, of which the index alone is read, and reprocess_items_by_fingerprints for the items
-- with several faults: these count for each, and for one that came back as `same_error`, whatever else went away.
SELECT counted.fingerprint, counted.state, sum(counted.items)::integer AS items
FROM (
    SELECT i.before_fingerprint AS fingerprint, i.state, count(*) AS items
    FROM reprocess_items i
    WHERE i.account = :account::text AND i.before_fingerprint = ANY(:fingerprints::text[])
    GROUP BY i.before_fingerprint, i.state
    UNION ALL
    SELECT fault.fingerprint, change.state, change.items
    FROM reprocess_items i
    CROSS JOIN LATERAL unnest(i.before_fingerprints) AS fault (fingerprint)
    CROSS JOIN LATERAL (
        VALUES
            (CASE WHEN i.state = 'different_error' AND fault.fingerprint = ANY(i.after_fingerprints)
             THEN 'same_error' ELSE i.state END, 1),
            -- It is counted above already.
            (i.state, CASE WHEN fault.fingerprint = i.before_fingerprint THEN -1 ELSE 0 END)
    ) AS change (state, items)
    WHERE i.account = :account::text AND cardinality(i.before_fingerprints) > 1
      AND i.before_fingerprints && :fingerprints::text[] AND fault.fingerprint = ANY(:fingerprints::text[])
) AS counted
GROUP BY counted.fingerprint, counted.state

-- read_fault_states --
-- The newest decision about each of the faults :fingerprints. Uses the primary key.
SELECT DISTINCT ON (d.fingerprint) d.fingerprint, d.state, d.set_by, d.set_at, d.note
FROM fault_states d
WHERE d.account = :account::text AND d.integration_type = :integration_type::text
  AND d.fingerprint = ANY(:fingerprints::text[])
ORDER BY d.fingerprint, d.id DESC

-- list_ignored --
-- Up to :limit ignored faults of the facets that the filter asks for, decided last first. Uses the primary key of
-- fault_states, and facets_by_type.
SELECT decided.fingerprint
FROM (
    SELECT DISTINCT ON (d.fingerprint) d.fingerprint, d.state, d.id
    FROM fault_states d
    WHERE d.account = :account::text AND d.integration_type = :integration_type::text
    ORDER BY d.fingerprint, d.id DESC
) AS decided
WHERE decided.state = 'ignored'
  AND EXISTS (
      SELECT FROM facets s
      WHERE s.account = :account::text AND s.integration_type = :integration_type::text
        AND decided.fingerprint = ANY(s.fingerprints)
      {dimensions}
  )
ORDER BY decided.id DESC
LIMIT :limit::integer

-- lock_fault --
-- Lock a fault against other decisions until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(
    'conexoes.fault/' || :account::text || '/' || :integration_type::text || '/' || :fingerprint::text, 0
))

-- last_received --
-- The time at which the last failed result of one fault came; null when none ever did.
SELECT greatest(
    (
        SELECT f.last_received_at FROM faults f
        WHERE f.account = :account::text AND f.integration_type = :integration_type::text
          AND f.fingerprint = :fingerprint::text
    ),
    (
        SELECT max(c.received_at) FROM fault_changes c
        WHERE c.account = :account::text AND c.integration_type = :integration_type::text
          AND c.fingerprint = :fingerprint::text
    )
)

-- insert_fault_state --
-- Add a decision.
INSERT INTO fault_states (account, integration_type, fingerprint, state, set_by, key_name, set_at, note)
VALUES (:account::text, :integration_type::text, :fingerprint::text, :state::text, :set_by::text, :key_name::text,
    clock_timestamp(), :note::text)
