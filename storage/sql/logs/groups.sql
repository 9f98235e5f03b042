-- by_fingerprint --
-- (facet_id, logs, …) as `counted`, as one page of groups of equal errors: the greatest place first, then by fingerprint. A
-- log is in the group of each of its errors. Only :only (null: any) and none of :never. The place is the :sort of the
-- group, of those in :last less by :behind. After (:after_place, :after_fingerprint), up to :limit. The growth is that of
-- read_faults; its hours are read with that order alone, by the primary key of fault_hours.
SELECT placed.*
FROM (
    SELECT
        grouped.*, sorted.value, sorted.is_last,
        sorted.value - CASE WHEN sorted.is_last THEN :behind::bigint ELSE 0 END AS place
    FROM (
        SELECT
            fault.fingerprint, array_agg(DISTINCT s.affiliate) AS affiliates,
            array_agg(DISTINCT s.status) AS statuses, sum(counted.logs)::bigint AS logs,
            (array_agg(counted.newest ORDER BY counted.newest_at DESC, counted.newest DESC))[1] AS newest
        FROM counted
        JOIN facets s
            ON s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = counted.facet_id
        CROSS JOIN LATERAL unnest(s.fingerprints) AS fault (fingerprint)
        WHERE (:only::text[] IS NULL OR fault.fingerprint = ANY(:only::text[]))
          AND fault.fingerprint <> ALL(:never::text[])
        {dimensions}
        GROUP BY fault.fingerprint
    ) AS grouped
    LEFT JOIN (
        SELECT hours.fingerprint, sum(hours.results)::bigint AS growth
        FROM (
            SELECT h.fingerprint, CASE WHEN h.hour >= :recent::timestamptz THEN h.results ELSE -h.results END AS results
            FROM fault_hours h
            WHERE :sort::text = 'growth' AND h.account = :account::text AND h.integration_type = :integration_type::text
              AND h.hour >= :before::timestamptz
            UNION ALL
            SELECT c.fingerprint, CASE WHEN c.hour >= :recent::timestamptz THEN c.results ELSE -c.results END
            FROM fault_changes c
            WHERE :sort::text = 'growth' AND c.account = :account::text AND c.integration_type = :integration_type::text
              AND c.hour >= :before::timestamptz
        ) AS hours
        GROUP BY hours.fingerprint
    ) AS grown USING (fingerprint)
    LEFT JOIN (
        SELECT known.fingerprint, min(known.first_seen_at) AS first_seen_at
        FROM (
            SELECT f.fingerprint, f.first_seen_at FROM faults f
            WHERE :sort::text = 'age' AND f.account = :account::text AND f.integration_type = :integration_type::text
            UNION ALL
            SELECT c.fingerprint, c.first_seen_at FROM fault_changes c
            WHERE :sort::text = 'age' AND c.account = :account::text AND c.integration_type = :integration_type::text
        ) AS known
        GROUP BY known.fingerprint
    ) AS seen USING (fingerprint)
    CROSS JOIN LATERAL (
        SELECT
            CASE :sort::text
                WHEN 'growth' THEN coalesce(grown.growth, 0)
                WHEN 'age' THEN -(extract(epoch FROM seen.first_seen_at) * 1000000)::bigint
                ELSE grouped.logs
            END AS value,
            grouped.fingerprint = ANY(:last::text[]) AS is_last
    ) AS sorted
) AS placed
WHERE placed.place < :after_place::bigint
   OR (placed.place = :after_place::bigint AND placed.fingerprint > :after_fingerprint::text)
ORDER BY placed.place DESC, placed.fingerprint
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

-- list_groups_singly --
-- list_groups by a look at each log that the filter matches, as count_logs_singly.
WITH counted AS (
    SELECT
        s.facet_id, count(*) AS logs, max(s.processed_at) AS newest_at,
        (array_agg(s.id ORDER BY s.processed_at DESC, s.id DESC))[1] AS newest
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
    {filter}
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

-- read_fault_texts --
-- Code and a message of each of the faults :fingerprints. Uses the primary key of faults, and fault_changes_by_type.
SELECT known.fingerprint, min(known.code) AS code, min(known.message) AS message
FROM ({fault_texts}) AS known
WHERE known.fingerprint = ANY(:fingerprints::text[])
GROUP BY known.fingerprint

-- fault_texts --
-- Codes, categories and messages of the faults of a type, those that were not added up yet included: of each fault several
-- rows. PostgreSQL applies a condition on the fingerprint to both parts.
SELECT f.fingerprint, f.code, f.category, f.message FROM faults f
WHERE f.account = :account::text AND f.integration_type = :integration_type::text
UNION ALL
SELECT c.fingerprint, c.code, c.category, c.message FROM fault_changes c
WHERE c.account = :account::text AND c.integration_type = :integration_type::text

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

-- read_decisions --
-- The newest decision about each fault of a type, with what its end depends on. Of :fingerprint alone, if
-- that is given. Uses the primary keys, and fault_changes_by_type.
SELECT
    d.fingerprint, d.id, d.state, d.set_by, d.set_at, d.note, d.until_at AS until, d.until_results, d.until_escalates,
    d.baseline, now() AS now,
    coalesce(greatest(f.last_received_at, c.last_received_at), 'epoch') AS last_received_at,
    coalesce(f.received, 0) + coalesce(c.received, 0) AS received, f.escalated_at
FROM (
    SELECT DISTINCT ON (s.fingerprint) s.* FROM fault_states s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
      AND (:fingerprint::text IS NULL OR s.fingerprint = :fingerprint::text)
    ORDER BY s.fingerprint, s.id DESC
) AS d
LEFT JOIN faults f
    ON f.account = :account::text AND f.integration_type = :integration_type::text AND f.fingerprint = d.fingerprint
LEFT JOIN (
    SELECT w.fingerprint, max(w.received_at) AS last_received_at, sum(w.results)::bigint AS received
    FROM fault_changes w
    WHERE w.account = :account::text AND w.integration_type = :integration_type::text
    GROUP BY w.fingerprint
) AS c ON c.fingerprint = d.fingerprint

-- read_labels --
-- Owner, tags and ticket of the faults of a type: the newest of each kind. Of :fingerprint alone, if that is given. Uses
-- the primary key.
SELECT DISTINCT ON (n.fingerprint, n.kind) n.fingerprint, n.kind, n.value
FROM fault_notes n
WHERE n.account = :account::text AND n.integration_type = :integration_type::text AND n.kind <> 'note'
  AND (:fingerprint::text IS NULL OR n.fingerprint = :fingerprint::text)
ORDER BY n.fingerprint, n.kind, n.id DESC

-- read_group_history --
-- The last :limit acts of people on each of the faults :fingerprints, newest first. Uses the primary keys.
SELECT asked.fingerprint, act.*
FROM unnest(:fingerprints::text[]) AS asked (fingerprint)
CROSS JOIN LATERAL (
    (
        SELECT d.set_at AS at, d.set_by AS by, d.state AS act, array_remove(ARRAY[d.note], NULL) AS value,
            d.until_at AS until, d.until_results, d.until_escalates
        FROM fault_states d
        WHERE d.account = :account::text AND d.integration_type = :integration_type::text
          AND d.fingerprint = asked.fingerprint
        ORDER BY d.id DESC
        LIMIT :limit::integer
    )
    UNION ALL
    (
        SELECT n.noted_at, n.noted_by, n.kind, n.value, NULL, NULL, false
        FROM fault_notes n
        WHERE n.account = :account::text AND n.integration_type = :integration_type::text
          AND n.fingerprint = asked.fingerprint
        ORDER BY n.id DESC
        LIMIT :limit::integer
    )
    ORDER BY at DESC
    LIMIT :limit::integer
) AS act

-- list_ignored --
-- Up to :limit of the faults :fingerprints that logs of the facets that the filter asks for can have, in their order. Uses
-- facets_by_type.
SELECT ignored.fingerprint
FROM unnest(:fingerprints::text[]) WITH ORDINALITY AS ignored (fingerprint, number)
WHERE EXISTS (
    SELECT FROM facets s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
      AND ignored.fingerprint = ANY(s.fingerprints)
    {dimensions}
)
ORDER BY ignored.number
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
-- Add a decision, with what its end is compared with: all results that have come, or those of the hour that the data is at
-- and the one before, as they are judged.
INSERT INTO fault_states (
    account, integration_type, fingerprint, state, set_by, key_name, set_at, note,
    until_at, until_results, until_escalates, baseline
)
SELECT
    :account::text, :integration_type::text, :fingerprint::text, :state::text, :set_by::text, :key_name::text,
    clock_timestamp(), :note::text, :until::timestamptz, :until_results::bigint, :until_escalates::boolean,
    CASE
        WHEN :until_results::bigint IS NOT NULL OR :state::text IN ('acknowledged', 'resolved') THEN coalesce((
            SELECT f.received FROM faults f
            WHERE f.account = :account::text AND f.integration_type = :integration_type::text
              AND f.fingerprint = :fingerprint::text
        ), 0) + coalesce(sum(c.results), 0)
        WHEN :until_escalates::boolean THEN coalesce((
            SELECT sum(h.results) FROM fault_hours h
            WHERE h.account = :account::text AND h.integration_type = :integration_type::text
              AND h.fingerprint = :fingerprint::text
              AND h.hour BETWEEN {data_hour} - interval '1 hour' AND {data_hour}
        ), 0) + coalesce(
            sum(c.results) FILTER (WHERE c.hour BETWEEN {data_hour} - interval '1 hour' AND {data_hour}), 0
        )
    END
FROM fault_changes c
WHERE c.account = :account::text AND c.integration_type = :integration_type::text AND c.fingerprint = :fingerprint::text

-- insert_fault_note --
-- Add what a person wrote.
INSERT INTO fault_notes (account, integration_type, fingerprint, kind, value, noted_by, key_name)
VALUES (:account::text, :integration_type::text, :fingerprint::text, :kind::text, :value::text[], :noted_by::text,
    :key_name::text)

-- waiting_for_escalation --
-- Those of the faults that escalate (arrays) whose newest decision ignores them until then, and that have :times the
-- results that they had when it was made. Uses the primary key of fault_states.
SELECT e.account, e.integration_type, e.fingerprint
FROM unnest(:accounts::text[], :types::text[], :fingerprints::text[], :counts::bigint[])
    AS e (account, integration_type, fingerprint, results)
JOIN faults f USING (account, integration_type, fingerprint)
CROSS JOIN LATERAL (
    SELECT d.until_escalates, d.baseline, d.set_at FROM fault_states d
    WHERE d.account = e.account AND d.integration_type = e.integration_type AND d.fingerprint = e.fingerprint
    ORDER BY d.id DESC
    LIMIT 1
) AS decided
WHERE decided.until_escalates AND e.results >= :times::bigint * decided.baseline
  AND (f.escalated_at IS NULL OR f.escalated_at < decided.set_at)

-- mark_escalated --
SELECT mark_escalated(:accounts::text[], :types::text[], :fingerprints::text[])
