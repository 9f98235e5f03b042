-- list_groups --
-- One page of groups of equal errors, most logs first, then by fingerprint, after ($16, $17); of the logs that
-- count_logs counts. Where `filter` stands in braces, storage.filters puts conditions on facets.
WITH counted AS (
    {counted_logs}
)
SELECT
    s.fingerprint, min(s.code) AS code, array_agg(DISTINCT s.affiliate) AS affiliates,
    array_agg(DISTINCT s.status) AS statuses, sum(counted.logs)::bigint AS logs
FROM (
    -- What is left of facets that every log has gone from.
    SELECT facet_id, sum(logs) AS logs FROM counted GROUP BY 1 HAVING sum(logs) <> 0
) AS counted
JOIN facets s ON s.account = $1::text AND s.integration_type = $2::text AND s.id = counted.facet_id
WHERE s.fingerprint IS NOT NULL
{filter}
GROUP BY s.fingerprint
HAVING sum(counted.logs) < $16::bigint OR (sum(counted.logs) = $16::bigint AND s.fingerprint > $17::text)
ORDER BY logs DESC, s.fingerprint
LIMIT $3::integer

-- list_groups_one_by_one --
-- The same after ($4, $5), by looking at every log that matches, for what no facet tells: names and words.
SELECT
    s.fingerprint, min(s.code) AS code, array_agg(DISTINCT s.affiliate) AS affiliates,
    array_agg(DISTINCT s.status) AS statuses, count(*) AS logs
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.fingerprint IS NOT NULL
{filter}
GROUP BY s.fingerprint
HAVING count(*) < $4::bigint OR (count(*) = $4::bigint AND s.fingerprint > $5::text)
ORDER BY logs DESC, s.fingerprint
LIMIT $3::integer

-- sample_groups --
-- The newest log of each of the fingerprints $3 that matches: by dimensions `s` is a facet, in the braces a log.
-- Uses facets_by_type and status_logs_by_facet.
SELECT DISTINCT ON (facet.fingerprint) facet.fingerprint, newest.id, newest.key, newest.message
FROM (
    SELECT s.id, s.fingerprint FROM facets s
    WHERE s.account = $1::text AND s.integration_type = $2::text AND s.fingerprint = ANY($3::text[])
    {facet_filter}
) AS facet
CROSS JOIN LATERAL (
    SELECT s.id, s.key, s.message, s.processed_at
    FROM status_logs s
    WHERE s.account = $1::text AND s.facet_id = facet.id
    {filter}
    ORDER BY s.processed_at DESC, s.id DESC
    LIMIT 1
) AS newest
ORDER BY facet.fingerprint, newest.processed_at DESC, newest.id DESC

-- sample_groups_one_by_one --
-- The same for what no facet tells.
SELECT DISTINCT ON (s.fingerprint) s.fingerprint, s.id, s.key, s.message
FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text AND s.fingerprint = ANY($3::text[])
{filter}
ORDER BY s.fingerprint, s.processed_at DESC, s.id DESC

-- read_faults --
-- When each of the faults $3 came and how often: within the retention, since the hour $4, and from $5 to $4.
-- Uses the primary keys of faults and fault_hours, and fault_changes_by_type.
WITH waiting AS (
    SELECT c.fingerprint, c.hour, c.results, c.first_seen_at, c.last_seen_at, c.received_at
    FROM fault_changes c
    WHERE c.account = $1::text AND c.integration_type = $2::text AND c.fingerprint = ANY($3::text[])
),
recent AS (
    SELECT h.fingerprint, h.hour, h.results
    FROM fault_hours h
    WHERE h.account = $1::text AND h.integration_type = $2::text AND h.fingerprint = ANY($3::text[])
      AND h.hour >= $5::timestamptz
    UNION ALL
    SELECT w.fingerprint, w.hour, w.results FROM waiting w WHERE w.hour >= $5::timestamptz
),
known AS (
    SELECT f.fingerprint, f.results, f.first_seen_at, f.last_seen_at, f.last_received_at
    FROM faults f
    WHERE f.account = $1::text AND f.integration_type = $2::text AND f.fingerprint = ANY($3::text[])
    UNION ALL
    SELECT w.fingerprint, w.results, w.first_seen_at, w.last_seen_at, w.received_at FROM waiting w
)
SELECT fault.*, coalesce(trend.last_24_hours, 0) AS last_24_hours, coalesce(trend.before, 0) AS the_24_hours_before
FROM (
    SELECT
        k.fingerprint, sum(k.results)::bigint AS results, min(k.first_seen_at) AS first_seen_at,
        max(k.last_seen_at) AS last_seen_at, max(k.last_received_at) AS last_received_at
    FROM known k
    GROUP BY k.fingerprint
) AS fault
LEFT JOIN (
    SELECT
        r.fingerprint,
        sum(r.results) FILTER (WHERE r.hour >= $4::timestamptz)::bigint AS last_24_hours,
        sum(r.results) FILTER (WHERE r.hour < $4::timestamptz)::bigint AS before
    FROM recent r
    GROUP BY r.fingerprint
) AS trend USING (fingerprint)

-- count_cures --
-- What became of the items that were asked for because of the faults $2. Uses reprocess_items_by_fingerprint.
SELECT i.before_fingerprint AS fingerprint, i.state, count(*) AS items
FROM reprocess_items i
WHERE i.account = $1::text AND i.before_fingerprint = ANY($2::text[])
GROUP BY i.before_fingerprint, i.state

-- read_fault_states --
-- The newest decision about each of the faults $3. Uses the primary key.
SELECT DISTINCT ON (d.fingerprint) d.fingerprint, d.state, d.set_by, d.set_at, d.note
FROM fault_states d
WHERE d.account = $1::text AND d.integration_type = $2::text AND d.fingerprint = ANY($3::text[])
ORDER BY d.fingerprint, d.id DESC

-- lock_fault --
-- Until the transaction ends, nobody else decides about this fault.
SELECT pg_advisory_xact_lock(hashtextextended('conexoes.fault/' || $1::text || '/' || $2::text || '/' || $3::text, 0))

-- last_received --
-- When the last failed result of one fault came; null when none ever did.
SELECT greatest(
    (
        SELECT f.last_received_at FROM faults f
        WHERE f.account = $1::text AND f.integration_type = $2::text AND f.fingerprint = $3::text
    ),
    (
        SELECT max(c.received_at) FROM fault_changes c
        WHERE c.account = $1::text AND c.integration_type = $2::text AND c.fingerprint = $3::text
    )
)

-- insert_fault_state --
-- One more decision: $4 state, $5 by whom, $6 note.
INSERT INTO fault_states (account, integration_type, fingerprint, state, set_by, set_at, note)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, clock_timestamp(), $6::text)
