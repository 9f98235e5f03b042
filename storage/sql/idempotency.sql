-- claim_idempotency_key --
-- The first body that comes with a key keeps it; whoever comes later reads what is kept. Uses the primary key.
INSERT INTO idempotency_keys (account, key, command_id, body_digest)
VALUES ($1::text, $2::text, $3::text, $4::bytea)
ON CONFLICT DO NOTHING

-- get_idempotency_key --
SELECT body_digest FROM idempotency_keys WHERE account = $1::text AND key = $2::text
