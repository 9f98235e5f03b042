-- claim_idempotency_key --
-- The first body that comes with a key keeps it; whoever comes later reads what is kept. A key that was forgotten is
-- known by its command, which is for ever: only the same body may have it again. $6, $7: the access key it comes with.
-- Uses the primary keys.
INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, key_id, key_name)
SELECT $1::text, $2::text, $3::text, $4::bytea, $5::jsonb, $6::uuid, $7::text
WHERE NOT EXISTS (
    SELECT FROM reprocess_commands c
    WHERE c.account = $1::text AND c.id = $3::text
      AND jsonb_strip_nulls(c.request) <> jsonb_strip_nulls($5::jsonb)
)
ON CONFLICT DO NOTHING

-- get_idempotency_key --
SELECT body_digest FROM idempotency_keys WHERE account = $1::text AND key = $2::text

-- knows_idempotency_key --
-- Whether a request came with key $2, which stands for command $3. Uses the primary keys.
SELECT EXISTS (SELECT FROM idempotency_keys WHERE account = $1::text AND key = $2::text)
    OR EXISTS (SELECT FROM reprocess_commands WHERE account = $1::text AND id = $3::text)

-- mark_published --
-- Kafka has the command of this key.
UPDATE idempotency_keys SET published_at = now()
WHERE account = $1::text AND key = $2::text AND published_at IS NULL
