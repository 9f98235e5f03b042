-- log_bounds --
-- The first hour that any log of one type was processed in, and the last. Null when there is none.
-- Uses the primary key of log_hours, and log_changes_by_type.
SELECT least(
    (
        SELECT h.hour FROM log_hours h WHERE h.account = :account::text AND h.integration_type = :integration_type::text
        ORDER BY h.hour LIMIT 1
    ),
    (
        SELECT min(c.hour) FROM log_changes c
        WHERE c.account = :account::text AND c.integration_type = :integration_type::text
    )
) AS first, greatest(
    (
        SELECT h.hour FROM log_hours h WHERE h.account = :account::text AND h.integration_type = :integration_type::text
        ORDER BY h.hour DESC LIMIT 1
    ),
    (
        SELECT max(c.hour) FROM log_changes c
        WHERE c.account = :account::text AND c.integration_type = :integration_type::text
    )
) AS last

-- by_dimension --
-- (facet_id, bar, logs) as `counted` by status, by affiliate, by all codes together, and by bar and status.
SELECT
    s.status, s.affiliate, s.codes, counted.bar, sum(counted.logs)::bigint AS logs,
    grouping(s.status, s.affiliate, s.codes, counted.bar) AS absent
FROM counted
JOIN facets s ON s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = counted.facet_id
{dimensions}
GROUP BY GROUPING SETS ((s.status), (s.affiliate), (s.codes), (counted.bar, s.status))
HAVING sum(counted.logs) <> 0

-- count_at_any_time --
-- Logs of one type, whenever they were processed, of the facets that the filter asks for: an index entry of each. Kept counts
-- would be those of all days and all facets of the type, however few logs are meant. Uses facets_by_type and
-- status_logs_by_facet.
SELECT count(*)
FROM status_logs l
WHERE l.account = :account::text AND l.facet_id = ANY(ARRAY(
    {facet_ids}
))

-- counted_days --
-- (facet_id, at, logs) of the whole days of count_logs.
SELECT d.facet_id, d.day AS at, d.logs FROM log_days d
WHERE d.account = :account::text AND d.integration_type = :integration_type::text
  AND d.day >= :days_from::timestamptz AND d.day < :days_to::timestamptz

-- counted_rest --
-- (facet_id, at, logs) of the other spans of count_logs.
SELECT h.facet_id, h.hour AS at, h.logs FROM log_hours h
WHERE h.account = :account::text AND h.integration_type = :integration_type::text
  AND h.hour >= :hours_before_from::timestamptz AND h.hour < :hours_before_to::timestamptz
UNION ALL
SELECT h.facet_id, h.hour, h.logs FROM log_hours h
WHERE h.account = :account::text AND h.integration_type = :integration_type::text
  AND h.hour >= :hours_after_from::timestamptz AND h.hour < :hours_after_to::timestamptz
UNION ALL
SELECT s.facet_id, s.processed_at, 1 FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
  AND s.processed_at >= :logs_before_from::timestamptz AND s.processed_at < :logs_before_to::timestamptz
UNION ALL
SELECT s.facet_id, s.processed_at, 1 FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = :integration_type::text
  AND s.processed_at >= :logs_after_from::timestamptz AND s.processed_at < :logs_after_to::timestamptz
UNION ALL
SELECT c.facet_id, c.hour, c.logs FROM log_changes c
WHERE c.account = :account::text AND c.integration_type = :integration_type::text
  AND c.hour >= :whole_hours_from::timestamptz AND c.hour < :whole_hours_to::timestamptz

-- count_logs --
-- Logs by status, by affiliate, by codes, and by bar and status, of the spans that storage.logs.spans takes a time apart
-- into; changes that were not added up yet count for whole hours. :edges are the edges of the bars. Uses the primary
-- keys of log_days and log_hours, log_changes_by_type and status_logs_by_time.
WITH parts AS (
    {counted_days}
    UNION ALL
    {counted_rest}
),
counted AS (
    SELECT facet_id, width_bucket(at, :edges::timestamptz[]) AS bar, sum(logs) AS logs FROM parts GROUP BY 1, 2
)
{by_dimension}

-- moved_to_their_own --
-- Not a statement: of some hours `h` those :moved, each at its own place, and taken away from the noon of its day of UTC.
CROSS JOIN LATERAL (
    VALUES (h.hour, 1), (date_trunc('day', h.hour, 'UTC') + interval '12 hours', -1)
) AS place (at, sign)
WHERE h.account = :account::text AND h.integration_type = :integration_type::text
  AND h.hour = ANY(:moved::timestamptz[])

-- count_logs_by_local_days --
-- The same where bars are days of another zone. A day of UTC counts for the bar of its noon (:noons are the edges
-- half a day earlier), and the hours :moved are moved from there to their own bars.
WITH days AS (
    {counted_days}
),
rest AS (
    {counted_rest}
    UNION ALL
    SELECT h.facet_id, place.at, place.sign * h.logs
    FROM log_hours h
    {moved_to_their_own}
),
counted AS (
    SELECT facet_id, width_bucket(at, :noons::timestamptz[]) AS bar, sum(logs) AS logs FROM days GROUP BY 1, 2
    UNION ALL
    SELECT facet_id, width_bucket(at, :edges::timestamptz[]), sum(logs) FROM rest GROUP BY 1, 2
)
{by_dimension}

-- count_logs_among --
-- count_logs for those of the logs :among that were processed in [:start, :end): for a search that finds few.
-- Uses the primary key of status_logs: `+ '0'` leaves no other index, such as the one that has all logs by their time.
WITH counted AS (
    SELECT s.facet_id, width_bucket(s.processed_at, :edges::timestamptz[]) AS bar, count(*) AS logs
    FROM status_logs s
    WHERE s.account = :account::text AND s.id = ANY(:among::uuid[])
      AND s.processed_at + interval '0' >= :start::timestamptz AND s.processed_at + interval '0' < :end::timestamptz
    GROUP BY 1, 2
)
{by_dimension}

-- count_logs_singly --
-- count_logs by a look at each log that the filter matches, whatever it has: for filters whose logs are looked up.
WITH counted AS (
    SELECT s.facet_id, width_bucket(s.processed_at, :edges::timestamptz[]) AS bar, count(*) AS logs
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text
    {filter}
    GROUP BY 1, 2
)
{by_dimension}

-- count_logs_found --
-- count_logs for the logs that find_logs finds, of the facets :facets, in [:start, :end): for a search that finds many.
-- No row of a log is read: names, facets and times all come from the indexes of find_logs and status_logs_by_facet.
-- To be run without nested loops, which would look up one log after the other.
WITH found AS MATERIALIZED (
    SELECT DISTINCT id FROM (
        {find_logs}
    ) AS name
),
counted AS (
    SELECT s.facet_id, width_bucket(s.processed_at, :edges::timestamptz[]) AS bar, count(*) AS logs
    FROM status_logs s
    JOIN found ON found.id = s.id
    WHERE s.account = :account::text AND s.facet_id = ANY(:facets::uuid[])
      AND s.processed_at >= :start::timestamptz AND s.processed_at < :end::timestamptz
    GROUP BY 1, 2
)
{by_dimension}
