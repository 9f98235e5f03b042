-- list_earlier_logs --
-- The next logs after :after_id, by id, each with its aliases and the result that it shows, if that is kept. Uses the
-- primary keys.
SELECT
    s.id, s.account, s.integration_type, s.key, s.message, s.processed_at, s.version,
    ARRAY(SELECT n.value FROM aliases_of(s.account, s.id) AS n ORDER BY n.name COLLATE "C", n.value COLLATE "C") AS aliases,
    shown.data::text AS data
FROM status_logs s
LEFT JOIN LATERAL (
    SELECT CASE WHEN a.structured THEN a.body::json -> 'data' ELSE a.body::json END AS data
    FROM attempts a
    WHERE a.account = s.account AND a.log_id = s.id AND a.processed_at = s.processed_at AND a.version = s.version
    LIMIT 1
) AS shown ON true
WHERE s.id > :after_id::uuid
ORDER BY s.id
LIMIT :limit::integer

-- set_words --
-- Arrays with one element for each log: its words, and the result that has them. Uses the primary keys.
WITH worded AS (
    SELECT account, id, processed_at, version, words::bigint[]
    FROM unnest(:account::text[], :id::uuid[], :processed_at::timestamptz[], :version::bytea[], :words::text[])
        AS log (account, id, processed_at, version, words)
),
attempted AS (
    UPDATE attempts a SET words = w.words FROM worded w
    WHERE a.account = w.account AND a.log_id = w.id AND a.processed_at = w.processed_at AND a.version = w.version
)
UPDATE status_logs s SET words = w.words FROM worded w WHERE s.id = w.id
