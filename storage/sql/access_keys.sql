-- make_access_key --
SELECT make_key(:account::text, :id::uuid, :name::text, :role::text, :digest::bytea, :may_export::boolean,
    :may_see_evidence::boolean, :source::text, :affiliates::text[], :invited_for::double precision,
    :requested_by::text, :by_key_id::uuid, :by_key_name::text)

-- find_access_key --
-- The key with this SHA-256, unless it was revoked.
SELECT account, role, name, may_export, may_see_evidence, key_id, source, affiliates FROM key_of(:digest::bytea)

-- list_access_keys --
SELECT account, id, name, role, created_at, revoked_at, may_export, may_see_evidence, source, affiliates,
    created_by, last_seen_at, invited_until, subject
FROM access_keys ORDER BY account, created_at, id

-- keys_of_accounts --
SELECT account, id, name, role, created_at, revoked_at, may_export, may_see_evidence, source, affiliates,
    created_by, last_seen_at, invited_until, subject
FROM keys_of(:accounts::text[])

-- revoke_access_key --
SELECT revoke_key(:accounts::text[], :id::uuid, :requested_by::text, :by_key_id::uuid, :by_key_name::text)

-- accept_invitation --
SELECT accept_invitation(:invited::bytea, :digest::bytea)

-- saw_access_key --
SELECT saw_key(:account::text, :id::uuid)
