-- claim_idempotency_key --
-- The first body that comes with a key keeps it; later requests read the stored one. A key that retention has deleted
-- is known by its command, which is kept for ever: only the same body may have it again. :key_id and :key_name are
-- those of the request's access key. Uses the primary keys.
INSERT INTO idempotency_keys (account, key, command_id, body_digest, request, key_id, key_name)
SELECT
    :account::text, :key::text, :command_id::text, :body_digest::bytea, :request::jsonb, :key_id::uuid, :key_name::text
WHERE NOT EXISTS (
    SELECT FROM reprocess_commands c
    WHERE c.account = :account::text AND c.id = :command_id::text
      AND jsonb_strip_nulls(c.request) <> jsonb_strip_nulls(:request::jsonb)
)
ON CONFLICT DO NOTHING

-- get_idempotency_key --
SELECT body_digest FROM idempotency_keys WHERE account = :account::text AND key = :key::text

-- knows_idempotency_key --
-- True if a request came with this key, which stands for this command. Uses the primary keys.
SELECT EXISTS (SELECT FROM idempotency_keys WHERE account = :account::text AND key = :key::text)
    OR EXISTS (SELECT FROM reprocess_commands WHERE account = :account::text AND id = :command_id::text)

-- mark_published --
-- Mark the command of this key as published to Kafka.
UPDATE idempotency_keys SET published_at = now()
WHERE account = :account::text AND key = :key::text AND published_at IS NULL
