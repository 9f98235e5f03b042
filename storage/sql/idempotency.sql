-- claim_idempotency_key --
-- The first body that comes with a key keeps it; whoever comes later reads what is kept. Uses the primary key.
INSERT INTO idempotency_keys (account, key, command_id, body_digest, request)
VALUES ($1::text, $2::text, $3::text, $4::bytea, $5::jsonb)
ON CONFLICT DO NOTHING

-- get_idempotency_key --
SELECT body_digest FROM idempotency_keys WHERE account = $1::text AND key = $2::text

-- mark_published --
-- Kafka has the command of this key.
UPDATE idempotency_keys SET published_at = now()
WHERE account = $1::text AND key = $2::text AND published_at IS NULL
