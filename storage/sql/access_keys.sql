-- insert_access_key --
INSERT INTO access_keys (account, id, name, role, digest, may_export, may_see_evidence, source, affiliates)
VALUES (:account::text, :id::uuid, :name::text, :role::text, :digest::bytea, :may_export::boolean,
    :may_see_evidence::boolean, :source::text, :affiliates::text[])

-- find_access_key --
-- The key with this SHA-256, unless it was revoked.
SELECT account, role, name, may_export, may_see_evidence, key_id, source, affiliates FROM key_of(:digest::bytea)

-- list_access_keys --
SELECT account, id, name, role, created_at, revoked_at, may_export, may_see_evidence, source, affiliates
FROM access_keys ORDER BY account, created_at, id

-- revoke_access_key --
UPDATE access_keys SET revoked_at = now() WHERE id = :id::uuid AND revoked_at IS NULL RETURNING id
