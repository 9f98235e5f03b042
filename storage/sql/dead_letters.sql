-- insert_dead_letters --
-- Arrays with one element a dead letter; one that is there already is left alone.
INSERT INTO dead_letters (
    account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes
)
SELECT *
FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[], $8::integer[],
    $9::bytea[], $10::jsonb[], $11::bytea[], $12::integer[]
)
ON CONFLICT DO NOTHING

-- list_dead_letters --
-- One page of what an account was refused, newest first, after ($2, $3); with $5, what names no account as well, for
-- those who may see it. Two scans of dead_letters_by_time, merged without a sort.
SELECT
    account, id, code, reason, topic, partition, "offset", received_at, substring(value FOR 4096) AS beginning,
    value_bytes
FROM (
    SELECT account, id, code, reason, topic, partition, "offset", received_at, value, value_bytes
    FROM dead_letters
    WHERE account = $1::text
    UNION ALL
    SELECT account, id, code, reason, topic, partition, "offset", received_at, value, value_bytes
    FROM dead_letters
    WHERE account = '' AND $5::boolean
) AS seen
WHERE (received_at, id) < ($2::timestamptz, $3::uuid)
ORDER BY received_at DESC, id DESC
LIMIT $4::integer
