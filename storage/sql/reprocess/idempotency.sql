-- claim_idempotency_key --
-- The first body that comes with a key keeps it; later requests read the stored one. A key that retention has deleted
-- is known by its command, which is kept for ever: only the same body may have it again. :request has a digest of its
-- corrections. :key_id and :key_name are those of the request's access key. Uses the primary keys.
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
SELECT body_digest, revoked_at, clock_timestamp() AS asked_at FROM idempotency_keys WHERE account = :account::text AND key = :key::text

-- allow_again --
-- A revoked command that is asked for again.
UPDATE idempotency_keys SET revoked_at = NULL WHERE account = :account::text AND key = :key::text

-- knows_idempotency_key --
-- True if a request came with this key, which stands for this command. Uses the primary keys.
SELECT EXISTS (SELECT FROM idempotency_keys WHERE account = :account::text AND key = :key::text)
    OR EXISTS (SELECT FROM reprocess_commands WHERE account = :account::text AND id = :command_id::text)

-- mark_published --
-- Kafka has the command of this key; no row when another request with the key has revoked it meanwhile.
UPDATE idempotency_keys SET published_at = coalesce(published_at, now())
WHERE account = :account::text AND key = :key::text AND revoked_at IS NULL
RETURNING true

-- lock_key_of_command --
-- When the command was revoked, if it was; so until the end of the transaction. No row when it came through Kafka alone.
-- Uses idempotency_keys_by_command.
SELECT revoked_at FROM idempotency_keys
WHERE account = :account::text AND command_id = :command_id::text
FOR UPDATE

-- revoke_command --
-- `revoked`: from now on the agents leave it. `taken`: Kafka has it, or they have recorded it. `unknown`: neither the key nor
-- the command is stored, as after a failover to a standby that lagged. Only for whoever has locked its key before. Uses
-- idempotency_keys_by_command and the primary key of reprocess_commands.
WITH revoked AS (
    UPDATE idempotency_keys SET revoked_at = clock_timestamp()
    WHERE account = :account::text AND command_id = :command_id::text AND published_at IS NULL
      AND NOT EXISTS (SELECT FROM reprocess_commands c WHERE c.account = :account::text AND c.id = :command_id::text)
    RETURNING true
)
SELECT CASE
    WHEN EXISTS (SELECT FROM revoked) THEN 'revoked'
    WHEN EXISTS (SELECT FROM reprocess_commands c WHERE c.account = :account::text AND c.id = :command_id::text)
      OR EXISTS (
        SELECT FROM idempotency_keys k
        WHERE k.account = :account::text AND k.command_id = :command_id::text AND k.published_at IS NOT NULL
      ) THEN 'taken'
    ELSE 'unknown'
END
