-- list_dead_letters --
-- One page of what was refused, newest first, after ($2, $3) when given. $1 is the account, and '' with it for those
-- who may see what names no account. Uses dead_letters_by_time.
SELECT
    account, id, code, reason, topic, partition, "offset", received_at, substring(value FOR 4096) AS beginning,
    value_bytes
FROM dead_letters
WHERE account = ANY($1::text[]) AND ($2::timestamptz IS NULL OR (received_at, id) < ($2::timestamptz, $3::uuid))
ORDER BY received_at DESC, id DESC
LIMIT $4::integer
