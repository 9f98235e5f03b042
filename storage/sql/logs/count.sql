-- log_bounds --
-- The first hour that any log of one type was processed in, and the last. Null when there is none.
-- Uses the primary key of log_hours, and log_changes_by_type.
SELECT least(
    (
        SELECT h.hour FROM log_hours h WHERE h.account = $1::text AND h.integration_type = $2::text
        ORDER BY h.hour LIMIT 1
    ),
    (SELECT min(c.hour) FROM log_changes c WHERE c.account = $1::text AND c.integration_type = $2::text)
) AS first, greatest(
    (
        SELECT h.hour FROM log_hours h WHERE h.account = $1::text AND h.integration_type = $2::text
        ORDER BY h.hour DESC LIMIT 1
    ),
    (SELECT max(c.hour) FROM log_changes c WHERE c.account = $1::text AND c.integration_type = $2::text)
) AS last

-- by_dimension --
-- (facet_id, bar, logs) as `counted` by status, by affiliate, by code, and by bar and status.
SELECT
    s.status, s.affiliate, s.code, counted.bar, sum(counted.logs)::bigint AS logs,
    grouping(s.status, s.affiliate, s.code, counted.bar) AS absent
FROM counted
JOIN facets s ON s.account = $1::text AND s.integration_type = $2::text AND s.id = counted.facet_id
{filter}
GROUP BY GROUPING SETS ((s.status), (s.affiliate), (s.code), (counted.bar, s.status))
HAVING sum(counted.logs) <> 0

-- counted_days --
-- (facet_id, at, logs) of the whole days of count_logs.
SELECT d.facet_id, d.day AS at, d.logs FROM log_days d
WHERE d.account = $1::text AND d.integration_type = $2::text
  AND d.day >= $4::timestamptz AND d.day < $5::timestamptz

-- counted_rest --
-- (facet_id, at, logs) of the other spans of count_logs.
SELECT h.facet_id, h.hour AS at, h.logs FROM log_hours h
WHERE h.account = $1::text AND h.integration_type = $2::text
  AND h.hour >= $6::timestamptz AND h.hour < $7::timestamptz
UNION ALL
SELECT h.facet_id, h.hour, h.logs FROM log_hours h
WHERE h.account = $1::text AND h.integration_type = $2::text
  AND h.hour >= $8::timestamptz AND h.hour < $9::timestamptz
UNION ALL
SELECT s.facet_id, s.processed_at, 1 FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text
  AND s.processed_at >= $10::timestamptz AND s.processed_at < $11::timestamptz
UNION ALL
SELECT s.facet_id, s.processed_at, 1 FROM status_logs s
WHERE s.account = $1::text AND s.integration_type = $2::text
  AND s.processed_at >= $12::timestamptz AND s.processed_at < $13::timestamptz
UNION ALL
SELECT c.facet_id, c.hour, c.logs FROM log_changes c
WHERE c.account = $1::text AND c.integration_type = $2::text
  AND c.hour >= $14::timestamptz AND c.hour < $15::timestamptz

-- count_logs --
-- Logs by status, by affiliate, by code, and by bar and status, of the spans that storage.logs.spans takes a time apart
-- into: days [$4, $5), hours [$6, $7) and [$8, $9), single logs [$10, $11) and [$12, $13); what was not added up yet
-- counts for whole hours [$14, $15). $3 are the edges of the bars. Uses the primary keys of log_days and log_hours,
-- log_changes_by_type and status_logs_by_time.
WITH parts AS (
    {counted_days}
    UNION ALL
    {counted_rest}
),
counted AS (
    SELECT facet_id, width_bucket(at, $3::timestamptz[]) AS bar, sum(logs) AS logs FROM parts GROUP BY 1, 2
)
{by_dimension}

-- count_logs_by_local_days --
-- The same where bars are days of another zone. A day of UTC counts for the bar of its noon ($16 are the edges half a
-- day earlier), and the hours $17 are moved from there to where they belong.
WITH days AS (
    {counted_days}
),
rest AS (
    {counted_rest}
    UNION ALL
    SELECT h.facet_id, place.at, place.sign * h.logs
    FROM log_hours h
    CROSS JOIN LATERAL (
        VALUES (h.hour, 1), (date_trunc('day', h.hour, 'UTC') + interval '12 hours', -1)
    ) AS place (at, sign)
    WHERE h.account = $1::text AND h.integration_type = $2::text AND h.hour = ANY($17::timestamptz[])
),
counted AS (
    SELECT facet_id, width_bucket(at, $16::timestamptz[]) AS bar, sum(logs) AS logs FROM days GROUP BY 1, 2
    UNION ALL
    SELECT facet_id, width_bucket(at, $3::timestamptz[]), sum(logs) FROM rest GROUP BY 1, 2
)
{by_dimension}

-- count_logs_among --
-- The same of those of the logs $4 that were processed in [$5, $6): for a search that finds few.
-- Uses the primary key of status_logs: `+ '0'` leaves no other index, such as the one that has all logs by their time.
WITH counted AS (
    SELECT s.facet_id, width_bucket(s.processed_at, $3::timestamptz[]) AS bar, count(*) AS logs
    FROM status_logs s
    WHERE s.account = $1::text AND s.id = ANY($4::uuid[])
      AND s.processed_at + interval '0' >= $5::timestamptz AND s.processed_at + interval '0' < $6::timestamptz
    GROUP BY 1, 2
)
{by_dimension}

-- count_logs_found --
-- The same of what find_logs finds, of the facets $7, in [$8, $9), with the bars $6: for a search that finds many.
-- No log is looked at: names, facets and times all come out of the indexes of find_logs and status_logs_by_facet.
-- To be run without nested loops, which would look up one log after the other.
WITH found AS MATERIALIZED (
    SELECT DISTINCT id FROM (
        {find_logs}
    ) AS name
),
counted AS (
    SELECT s.facet_id, width_bucket(s.processed_at, $6::timestamptz[]) AS bar, count(*) AS logs
    FROM status_logs s
    JOIN found ON found.id = s.id
    WHERE s.account = $1::text AND s.facet_id = ANY($7::uuid[])
      AND s.processed_at >= $8::timestamptz AND s.processed_at < $9::timestamptz
    GROUP BY 1, 2
)
{by_dimension}
