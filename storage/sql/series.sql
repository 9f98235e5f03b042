-- counted_results --
-- Not a statement: results by bucket, status, affiliate and codes. A bucket is a number from 1 on; :edges are the edges of
-- the buckets. The hours of [:whole_hours_from, :whole_hours_to) are counted: days as they are kept, each in the bucket of
-- its noon, but for the hours :moved, which are moved to their own; then hours; then the changes that were not added up
-- yet. To be run without nested loops. Uses the primary keys of result_days, result_hours and result_facets, and
-- result_changes_by_type.
parts AS (
    SELECT d.facet_id, d.day + interval '12 hours' AS at, d.results FROM result_days d
    WHERE d.account = :account::text AND d.integration_type = :integration_type::text
      AND d.day >= :days_from::timestamptz AND d.day < :days_to::timestamptz
    UNION ALL
    SELECT h.facet_id, h.hour, h.results FROM result_hours h
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.hour >= :hours_before_from::timestamptz AND h.hour < :hours_before_to::timestamptz
    UNION ALL
    SELECT h.facet_id, h.hour, h.results FROM result_hours h
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.hour >= :hours_after_from::timestamptz AND h.hour < :hours_after_to::timestamptz
    UNION ALL
    SELECT h.facet_id, place.at, place.sign * h.results
    FROM result_hours h
    CROSS JOIN LATERAL (
        VALUES (h.hour, 1), (date_trunc('day', h.hour, 'UTC') + interval '12 hours', -1)
    ) AS place (at, sign)
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.hour = ANY(:moved::timestamptz[])
),
added_up AS (
    SELECT facet_id, width_bucket(at, :edges::timestamptz[]) AS bucket, sum(results) AS results
    FROM parts GROUP BY 1, 2
),
counted AS (
    SELECT a.bucket, f.status, f.affiliate, f.codes, a.results
    FROM added_up a
    JOIN result_facets f
        ON f.account = :account::text AND f.integration_type = :integration_type::text AND f.id = a.facet_id
    UNION ALL
    SELECT
        width_bucket(c.hour, :edges::timestamptz[]), c.status, c.affiliate,
        result_codes(c.code, c.other_codes), c.results
    FROM result_changes c
    WHERE c.account = :account::text AND c.integration_type = :integration_type::text
      AND c.hour >= :whole_hours_from::timestamptz AND c.hour < :whole_hours_to::timestamptz
)

-- count_results --
-- Results by bucket and name, and by bucket alone (`named` false). By name are counted :names, and the :most most frequent
-- of the others; the name of all that are left is null. In each bucket the most frequent names come first.
WITH {counted_results},
chosen AS MATERIALIZED (
    SELECT
        bucket, results,
        CASE :by::text WHEN 'status' THEN ARRAY[status] WHEN 'affiliate' THEN ARRAY[affiliate] ELSE codes END AS names
    FROM counted
    WHERE (:status::text[] = '{}' OR status = ANY(:status::text[]))
      AND (:affiliate::text[] = '{}' OR affiliate = ANY(:affiliate::text[]))
      AND (:code::text[] = '{}' OR codes && :code::text[])
      AND affiliate <> ALL(:exclude_affiliate::text[])
      AND NOT codes && :exclude_code::text[]
),
split AS (
    SELECT c.bucket, each.name, sum(c.results) AS results
    FROM chosen c CROSS JOIN unnest(c.names) AS each (name) GROUP BY 1, 2
),
frequent AS (
    SELECT name FROM split WHERE name <> ALL(:names::text[])
    GROUP BY 1 ORDER BY sum(results) DESC, name LIMIT :most::integer
)
SELECT
    bucket, named,
    array_agg(name ORDER BY results DESC, name) AS names,
    array_agg(results ORDER BY results DESC, name) AS results
FROM (
    SELECT bucket, false AS named, NULL AS name, sum(results)::bigint AS results
    FROM chosen GROUP BY 1
    UNION ALL
    SELECT s.bucket, true, wanted.name, sum(s.results)::bigint
    FROM split s
    LEFT JOIN (
        SELECT name FROM frequent UNION ALL SELECT name FROM unnest(:names::text[]) AS given (name)
    ) AS wanted ON wanted.name = s.name
    GROUP BY 1, 3
) AS counts
WHERE results <> 0
GROUP BY 1, 2

-- count_results_by_affiliate --
-- Results by affiliate and status: two arrays, of buckets and of the results of each.
WITH {counted_results}
SELECT affiliate, status, array_agg(bucket) AS buckets, array_agg(results) AS results
FROM (
    SELECT affiliate, status, bucket, sum(results)::bigint AS results
    FROM counted GROUP BY 1, 2, 3 HAVING sum(results) <> 0
) AS by_bucket
GROUP BY 1, 2
