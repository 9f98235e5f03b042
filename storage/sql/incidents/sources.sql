-- count_sources --
-- Adds results of sources that came in one step, the :place of the day that begins at :day. Arrays with one element for
-- each source of a type of an affiliate, none twice. In the order of the key, so that two workers can't wait for each other.
WITH spoke AS (
    SELECT *
    FROM unnest(
        :account::text[], :integration_type::text[], :affiliate::text[], :source::text[], :results::integer[],
        :first_at::timestamptz[], :last_at::timestamptz[]
    ) AS s (account, integration_type, affiliate, source, results, first_at, last_at)
),
times AS (
    INSERT INTO source_times AS t (account, integration_type, affiliate, source, first_at, last_at)
    SELECT account, integration_type, affiliate, source, first_at, last_at FROM spoke ORDER BY 1, 2, 3, 4
    ON CONFLICT (account, integration_type, affiliate, source) DO UPDATE SET
        first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at)
)
INSERT INTO source_days AS d (account, integration_type, affiliate, source, day, steps)
SELECT account, integration_type, affiliate, source, :day::timestamptz,
    array_fill(0, ARRAY[:place::integer - 1]) || results || array_fill(0, ARRAY[{STEPS_OF_DAY} - :place::integer])
FROM spoke
ORDER BY 1, 2, 3, 4
ON CONFLICT (account, integration_type, affiliate, source, day) DO UPDATE SET
    steps[:place::integer] = d.steps[:place::integer] + excluded.steps[:place::integer]

-- several_sources --
-- Not a statement: sources of a type of an affiliate that had results of two to :most since :since, of one account or of
-- all where it is null. Where there were too many to be told apart, none.
SELECT account, integration_type, affiliate, source, first_at, last_at
FROM (
    SELECT t.*, count(*) OVER of_pair AS sources, bool_or(source = '') OVER of_pair AS too_many
    FROM source_times t
    WHERE last_at > :since::timestamptz AND (account = :account::text OR :account::text IS NULL)
    WINDOW of_pair AS (PARTITION BY account, integration_type, affiliate)
) AS counted
WHERE sources BETWEEN 2 AND :most::integer AND NOT too_many

-- sources_to_learn --
-- Those of several sources that have come for long enough that a rhythm may be learned.
SELECT account, integration_type, affiliate, source, first_at, last_at
FROM ({several_sources}) AS several
WHERE first_at < last_at - interval '13 days'

-- days_of_source --
-- The days of the eight weeks before the last result of a source. Uses the primary key.
SELECT day, steps FROM source_days
WHERE account = :account::text AND integration_type = :integration_type::text AND affiliate = :affiliate::text
  AND source = :source::text AND day > :last_at::timestamptz - interval '58 days'

-- set_source_rhythms --
-- Arrays with one element for each rhythm; pace is an array given as text.
INSERT INTO source_rhythms (account, integration_type, affiliate, source, weeks, pace, uneven)
SELECT account, integration_type, affiliate, source, weeks, pace::real[], uneven
FROM unnest(
    :account::text[], :integration_type::text[], :affiliate::text[], :source::text[], :weeks::integer[], :pace::text[],
    :uneven::jsonb[]
) AS r (account, integration_type, affiliate, source, weeks, pace, uneven)
ORDER BY 1, 2, 3, 4
ON CONFLICT (account, integration_type, affiliate, source) DO UPDATE SET
    weeks = excluded.weeks, pace = excluded.pace, uneven = excluded.uneven, learned_at = now()

-- read_source_rhythms --
SELECT account, integration_type, affiliate, source, weeks, pace, uneven FROM source_rhythms WHERE account = :account::text

-- read_sources --
-- When the last result of each of several sources was received, with the results of the {RECENT_STEPS} steps up to it, of its
-- day and the one before. Uses the primary key.
SELECT s.account, s.integration_type, s.affiliate, s.source, s.last_at, (
    coalesce(before.steps, array_fill(0, ARRAY[{STEPS_OF_DAY}])) || coalesce(d.steps, array_fill(0, ARRAY[{STEPS_OF_DAY}]))
)[place.of_last + {STEPS_OF_DAY} - {RECENT_STEPS} + 1 : place.of_last + {STEPS_OF_DAY}] AS recent
FROM ({several_sources}) AS s
CROSS JOIN LATERAL (
    SELECT date_trunc('day', s.last_at, 'UTC') AS day, {STEPS_OF_DAY} / 24 AS of_hour
) AS last
CROSS JOIN LATERAL (
    SELECT floor(extract(epoch FROM s.last_at - last.day) / 3600 * last.of_hour)::integer + 1 AS of_last
) AS place
LEFT JOIN source_days d ON d.account = s.account AND d.integration_type = s.integration_type
    AND d.affiliate = s.affiliate AND d.source = s.source AND d.day = last.day
LEFT JOIN source_days before ON before.account = s.account AND before.integration_type = s.integration_type
    AND before.affiliate = s.affiliate AND before.source = s.source AND before.day = last.day - interval '1 day'
ORDER BY s.account, s.affiliate, s.integration_type, s.source
