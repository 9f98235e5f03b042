-- count_results_with_codes --
-- Results by :by, a status, an affiliate or each code, of those with one of :code and none of :exclude_code. Of each bucket
-- by name, and of each in all (`named` false), two arrays. By name are counted :names, and the :most most frequent of the
-- others; the name of all that are left is null. The most frequent names come first. A bucket is a number from 1 on; :edges
-- are the edges of the buckets.
-- The hours of [:whole_hours_from, :whole_hours_to) are counted: in `parts` days as they are kept, each at its noon, but for
-- the hours :moved, which are moved to their own; then hours. `described` is what each facet is, and each change that was
-- not added up yet. To be run without nested loops. Uses the primary keys of result_days, result_hours and result_facets,
-- and result_changes_by_type.
WITH parts AS (
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
    {moved_to_their_own}
),
described AS (
    SELECT f.id AS facet_id, NULL::timestamptz AS hour, NULL::bigint AS results, f.status, f.affiliate, f.codes
    FROM result_facets f
    WHERE f.account = :account::text AND f.integration_type = :integration_type::text
    UNION ALL
    SELECT NULL, c.hour, c.results, c.status, c.affiliate, result_codes(c.code, c.other_codes)
    FROM result_changes c
    WHERE c.account = :account::text AND c.integration_type = :integration_type::text
      AND c.hour >= :whole_hours_from::timestamptz AND c.hour < :whole_hours_to::timestamptz
),
keyed AS MATERIALIZED (
    SELECT facet_id, hour, results, names, dense_rank() OVER (ORDER BY names) AS key
    FROM (
        SELECT
            d.*,
            CASE :by::text WHEN 'status' THEN ARRAY[status] WHEN 'affiliate' THEN ARRAY[affiliate] ELSE codes END AS names
        FROM described d
        WHERE (:status::text[] = '{}' OR status = ANY(:status::text[]))
          AND (:affiliate::text[] = '{}' OR affiliate = ANY(:affiliate::text[]))
          AND (:code::text[] = '{}' OR codes && :code::text[])
          AND affiliate <> ALL(:exclude_affiliate::text[])
          AND NOT codes && :exclude_code::text[]
    ) AS chosen
),
added_up AS (
    SELECT width_bucket(r.at, :edges::timestamptz[]) AS bucket, r.key, sum(r.results)::bigint AS results
    FROM (
        SELECT p.at, k.key, p.results FROM parts p JOIN keyed k ON k.facet_id = p.facet_id
        UNION ALL
        SELECT k.hour, k.key, k.results FROM keyed k WHERE k.facet_id IS NULL
    ) AS r
    GROUP BY 1, 2
),
counted AS MATERIALIZED (
    SELECT a.bucket, k.names, a.results
    FROM added_up a JOIN (SELECT DISTINCT key, names FROM keyed) AS k ON k.key = a.key
),
split AS (
    SELECT c.bucket, each.name, sum(c.results) AS results
    FROM counted c CROSS JOIN unnest(c.names) AS each (name) GROUP BY 1, 2
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
    FROM counted GROUP BY 1
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

-- count_results --
-- Results of each affiliate, or of all (one row, with an empty name), by status: arrays of the buckets that have any, and
-- of the results of each. Buckets and hours are those of count_results_with_codes. Uses the primary keys of
-- result_days_by_affiliate and result_hours_by_affiliate, and result_changes_by_type.
WITH parts AS (
    SELECT d.affiliate, d.day + interval '12 hours' AS at, d.success, d.warning, d.error
    FROM result_days_by_affiliate d
    WHERE d.account = :account::text AND d.integration_type = :integration_type::text
      AND d.day >= :days_from::timestamptz AND d.day < :days_to::timestamptz
    UNION ALL
    SELECT h.affiliate, h.hour, h.success, h.warning, h.error FROM result_hours_by_affiliate h
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.hour >= :hours_before_from::timestamptz AND h.hour < :hours_before_to::timestamptz
    UNION ALL
    SELECT h.affiliate, h.hour, h.success, h.warning, h.error FROM result_hours_by_affiliate h
    WHERE h.account = :account::text AND h.integration_type = :integration_type::text
      AND h.hour >= :hours_after_from::timestamptz AND h.hour < :hours_after_to::timestamptz
    UNION ALL
    SELECT h.affiliate, place.at, place.sign * h.success, place.sign * h.warning, place.sign * h.error
    FROM result_hours_by_affiliate h
    {moved_to_their_own}
    UNION ALL
    SELECT c.affiliate, c.hour,
        CASE WHEN c.status = 'success' THEN c.results ELSE 0 END,
        CASE WHEN c.status = 'warning' THEN c.results ELSE 0 END,
        CASE WHEN c.status = 'error' THEN c.results ELSE 0 END
    FROM result_changes c
    WHERE c.account = :account::text AND c.integration_type = :integration_type::text
      AND c.hour >= :whole_hours_from::timestamptz AND c.hour < :whole_hours_to::timestamptz
),
added_up AS (
    SELECT width_bucket(p.at, :edges::timestamptz[]) AS bucket,
        CASE WHEN :by_affiliate::boolean THEN p.affiliate ELSE '' END AS affiliate,
        sum(p.success)::bigint AS success, sum(p.warning)::bigint AS warning, sum(p.error)::bigint AS error
    FROM parts p
    WHERE (:affiliate::text[] = '{}' OR p.affiliate = ANY(:affiliate::text[]))
      AND p.affiliate <> ALL(:exclude_affiliate::text[])
    GROUP BY 1, 2
)
SELECT affiliate, array_agg(bucket) AS buckets,
    array_agg(success) AS success, array_agg(warning) AS warning, array_agg(error) AS error
FROM added_up
GROUP BY 1
