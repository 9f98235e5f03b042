-- insert_access_key --
INSERT INTO access_keys (account, id, name, role, digest, may_export)
VALUES ($1::text, $2::uuid, $3::text, $4::text, $5::bytea, $6::boolean)

-- find_access_key --
-- Whose key has this SHA-256, unless it was revoked. Uses access_keys_by_digest.
SELECT account, role, name, may_export, id FROM access_keys WHERE digest = $1::bytea AND revoked_at IS NULL

-- list_access_keys --
SELECT account, id, name, role, created_at, revoked_at, may_export FROM access_keys ORDER BY account, created_at, id

-- revoke_access_key --
UPDATE access_keys SET revoked_at = now() WHERE id = $1::uuid AND revoked_at IS NULL RETURNING id
