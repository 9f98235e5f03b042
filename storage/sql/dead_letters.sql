-- insert_dead_letters --
-- Arrays with one element a dead letter; one that is there already is left alone.
INSERT INTO dead_letters (
    account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes
)
SELECT
    account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes
FROM unnest(
    :account::text[], :id::uuid[], :code::text[], :reason::jsonb[], :topic::text[], :partition::integer[],
    :offset::bigint[], :position::integer[], :key::bytea[], :headers::jsonb[], :value::bytea[], :value_bytes::integer[]
) AS letter (
    account, id, code, reason, topic, partition, "offset", position, key, headers, value, value_bytes
)
ON CONFLICT DO NOTHING

-- list_dead_letters --
-- One page of what an account was refused, newest first, after (:after_at, :after_id); with :every_account, what names
-- no account as well, for those who may see it. Two scans of dead_letters_by_time, merged without a sort.
SELECT
    account, id, code, reason, topic, partition, "offset", received_at,
    substring(value FOR {DEAD_LETTER_BYTES}) AS beginning, value_bytes
FROM (
    SELECT account, id, code, reason, topic, partition, "offset", received_at, value, value_bytes
    FROM dead_letters
    WHERE account = :account::text
    UNION ALL
    SELECT account, id, code, reason, topic, partition, "offset", received_at, value, value_bytes
    FROM dead_letters
    WHERE account = '' AND :every_account::boolean
) AS seen
WHERE (received_at, id) < (:after_at::timestamptz, :after_id::uuid)
ORDER BY received_at DESC, id DESC
LIMIT :limit::integer
