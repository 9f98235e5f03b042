-- set_stored_until --
-- How old what a worker has not stored yet may be, for each of its partitions; arrays. Seconds, since its own clock may be
-- off. Never moves back: another worker's look, before or after this one, is as true.
INSERT INTO stored_until AS s (topic, partition, at)
SELECT topic, partition, clock_timestamp() - seconds * interval '1 second'
FROM unnest(:topic::text[], :partition::integer[], :seconds::float8[]) AS p (topic, partition, seconds)
ORDER BY topic, partition
ON CONFLICT (topic, partition) DO UPDATE SET at = greatest(s.at, excluded.at)

-- take_turn --
-- True when nobody else judges, and nobody has for :seconds.
SELECT pg_try_advisory_xact_lock(hashtext('conexoes.incidents'))
    AND coalesce((SELECT max(judged_at) FROM data_times) <= clock_timestamp() - :seconds::float8 * interval '1 second', true)

-- move_data_times --
-- The time up to which the data of each type is complete: what all partitions of its topics have stored, and what is
-- added up. :topic and :integration_type are arrays of the topics with their types; a type of which no partition was ever
-- looked at has no time; one that nobody has looked at for a day is gone. `whole_since` begins anew after a gap of more than
-- :gap_seconds, in which nobody looked.
WITH pending AS (
    SELECT integration_type, min(received_at) AS at FROM result_changes GROUP BY 1
),
complete AS (
    SELECT t.integration_type, least(min(s.at), min(p.at), clock_timestamp()) AS as_of
    FROM unnest(:topic::text[], :integration_type::text[]) AS t (topic, integration_type)
    JOIN stored_until s ON s.topic = t.topic AND s.at > clock_timestamp() - interval '1 day'
    LEFT JOIN pending p USING (integration_type)
    GROUP BY 1
)
INSERT INTO data_times AS d (integration_type, as_of, whole_since, judged_at)
SELECT integration_type, as_of, as_of, clock_timestamp() FROM complete
ON CONFLICT (integration_type) DO UPDATE SET
    as_of = greatest(d.as_of, excluded.as_of),
    whole_since = CASE
        WHEN excluded.as_of - d.as_of > :gap_seconds::float8 * interval '1 second' THEN excluded.as_of ELSE d.whole_since
    END,
    judged_at = excluded.judged_at
RETURNING integration_type, as_of, whole_since

-- read_data_times --
SELECT integration_type, as_of, whole_since FROM data_times

-- data_hour --
-- Not a statement: the hour of UTC that the time is in up to which the data of the type is complete; the present one where
-- nobody has looked for a day.
date_trunc('hour', coalesce((
    SELECT d.as_of FROM data_times d
    WHERE d.integration_type = :integration_type::text AND d.judged_at > now() - interval '1 day'
), now()), 'UTC')

-- hours_to_learn --
-- Results by hour of the eight weeks before the last result of each type and affiliate, and by five minutes of the day
-- before it. Uses the primary keys.
SELECT t.account, t.integration_type, t.affiliate, t.first_at, t.last_at, h.*, s.*
FROM received_times t
CROSS JOIN LATERAL (
    SELECT array_agg(hour) AS hours, array_agg(results) AS results, array_agg(failures) AS failures
    FROM received_hours h
    WHERE h.account = t.account AND h.integration_type = t.integration_type AND h.affiliate = t.affiliate
      AND h.hour >= t.last_at - interval '57 days'
) AS h
CROSS JOIN LATERAL (
    SELECT array_agg(step) AS steps, array_agg(results) AS step_results
    FROM received_steps s
    WHERE s.account = t.account AND s.integration_type = t.integration_type AND s.affiliate = t.affiliate
      AND s.step > t.last_at - interval '24 hours'
) AS s
WHERE t.last_at > now() - interval '57 days'

-- days_of_pair --
-- The days of the eight weeks before the last result of each of several types and affiliates of accounts, of all their
-- sources. Uses the primary key.
SELECT p.place, d.day, d.steps
FROM unnest(
    :account::text[], :integration_type::text[], :affiliate::text[], :last_at::timestamptz[]
) WITH ORDINALITY AS p (account, integration_type, affiliate, last_at, place)
JOIN source_days d USING (account, integration_type, affiliate)
WHERE d.day > p.last_at - interval '58 days'

-- set_rhythms --
-- Arrays with one element for each rhythm; pace and shares are arrays given as text.
INSERT INTO rhythms (account, integration_type, affiliate, weeks, pace, shares, rough, uneven)
SELECT account, integration_type, affiliate, weeks, pace::real[], shares::real[], rough, uneven
FROM unnest(
    :account::text[], :integration_type::text[], :affiliate::text[], :weeks::integer[], :pace::text[], :shares::text[],
    :rough::real[], :uneven::jsonb[]
) AS r (account, integration_type, affiliate, weeks, pace, shares, rough, uneven)
ORDER BY 1, 2, 3
ON CONFLICT (account, integration_type, affiliate) DO UPDATE SET
    weeks = excluded.weeks, pace = excluded.pace, shares = excluded.shares, rough = excluded.rough,
    uneven = excluded.uneven, learned_at = now()

-- last_learned --
SELECT max(learned_at) FROM rhythms

-- read_rhythms --
-- Of one account; of all where it is null.
SELECT account, integration_type, affiliate, weeks, pace, shares, rough, uneven
FROM rhythms WHERE account = :account::text OR :account::text IS NULL

-- read_received --
-- When the last result of each type and affiliate was received, with the results of the six hours before it; of one
-- account, of all where it is null. Changes that are not added up yet are left out: agents add them up each second. Uses
-- the primary keys.
SELECT t.account, t.integration_type, t.affiliate, t.last_at, s.*
FROM received_times t
CROSS JOIN LATERAL (
    SELECT array_agg(step) AS steps, array_agg(results) AS results, array_agg(failures) AS failures
    FROM received_steps s
    WHERE s.account = t.account AND s.integration_type = t.integration_type AND s.affiliate = t.affiliate
      AND s.step > t.last_at - interval '6 hours'
) AS s
WHERE (t.account = :account::text OR :account::text IS NULL)
ORDER BY t.account, t.affiliate, t.integration_type

-- newest_tracking --
-- The newest logs of tracking. Uses status_logs_by_time.
SELECT s.affiliate, s.key, s.processed_at, s.id AS log_id
FROM status_logs s
WHERE s.account = :account::text AND s.integration_type = 'tracking'
ORDER BY s.processed_at DESC, s.id DESC
LIMIT :limit::integer

-- logs_of_ids --
-- Which of these logs there are. Uses the primary key.
SELECT id FROM status_logs WHERE account = :account::text AND id = ANY(:ids::uuid[])

-- orders_named --
-- Logs of orders that have one of :names whole, with all of theirs; :whole has the gram of each. Uses log_names_by_gram and
-- the primary keys.
SELECT s.affiliate, n.names
FROM logs_named_one_of('orders', :names::text[], :whole::integer[], 2147483647) AS found (id)
JOIN status_logs s ON s.id = found.id
JOIN log_names n ON n.log_id = found.id
WHERE s.account = :account::text AND n.account = :account::text
