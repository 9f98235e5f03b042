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
