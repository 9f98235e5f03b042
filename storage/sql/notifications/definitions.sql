-- insert_channel --
INSERT INTO notification_channels (account, id, name, kind, shown, language, time_zone, events)
VALUES (
    :account::text, :id::uuid, :name::text, :kind::text, :shown::text, :language::text, :time_zone::text,
    :events::text[]
)

-- insert_address --
INSERT INTO notification_addresses (account, channel_id, address, secret)
VALUES (:account::text, :channel_id::uuid, :address::bytea, :secret::bytea)

-- channel_columns --
-- Not a statement.
id, name, kind, shown, language, time_zone, events, made_at, sent, last_sent_at,
last_error AS error, CASE WHEN failures > 0 THEN not_before END AS next_try_at

-- list_channels --
-- Channels of an account, by name.
SELECT {channel_columns} FROM notification_channels
WHERE account = :account::text AND removed_at IS NULL
ORDER BY name, id

-- remove_channel --
-- Answers its name; nothing where there is none. Its address goes, and rules lose it.
WITH removed AS (
    UPDATE notification_channels SET removed_at = now()
    WHERE account = :account::text AND id = :id::uuid AND removed_at IS NULL
    RETURNING name
),
forgotten AS (
    DELETE FROM notification_addresses WHERE account = :account::text AND channel_id = :id::uuid
),
unused AS (
    UPDATE notification_rules SET channels = array_remove(channels, :id::uuid)
    WHERE account = :account::text AND :id::uuid = ANY(channels)
)
SELECT name FROM removed

-- try_channel --
-- Ends its pause.
UPDATE notification_channels SET not_before = now() WHERE account = :account::text AND id = :id::uuid

-- list_rules --
SELECT id, rule, channels, made_at FROM notification_rules
WHERE account = :account::text
ORDER BY rule ->> 'name', id

-- put_rule --
-- Answers true for a new one.
INSERT INTO notification_rules AS r (account, id, rule, channels)
SELECT :account::text, :id::uuid, :rule::jsonb, ARRAY(
    SELECT c.id FROM notification_channels c
    WHERE c.account = :account::text AND c.id = ANY(:channels::uuid[]) AND c.removed_at IS NULL AND c.kind <> 'topic'
)
ON CONFLICT (account, id) DO UPDATE SET rule = excluded.rule, channels = excluded.channels
RETURNING xmax = 0

-- delete_rule --
DELETE FROM notification_rules WHERE account = :account::text AND id = :id::uuid RETURNING rule ->> 'name'

-- list_windows --
-- Maintenance windows that are not over, and the last ones that are.
SELECT id, begins_at, ends_at, scope, reason, made_by, made_at FROM maintenance_windows
WHERE account = :account::text
ORDER BY ends_at DESC, id
LIMIT :limit::integer

-- insert_window --
INSERT INTO maintenance_windows (account, id, begins_at, ends_at, scope, reason, made_by)
VALUES (
    :account::text, :id::uuid, :begins_at::timestamptz, :ends_at::timestamptz, :scope::jsonb, :reason::text,
    :made_by::text
)

-- delete_window --
DELETE FROM maintenance_windows WHERE account = :account::text AND id = :id::uuid RETURNING coalesce(reason, '')

-- insert_notification_audit --
INSERT INTO notification_audit (account, action, subject, subject_id, name, details, requested_by, key_id, key_name)
VALUES (
    :account::text, :action::text, :subject::text, :subject_id::text, :name::text, :details::jsonb,
    :requested_by::text, :key_id::uuid, :key_name::text
)

-- list_notification_audit --
SELECT id, at, action, subject, subject_id, name, requested_by, key_name FROM notification_audit
WHERE account = :account::text
ORDER BY id DESC
LIMIT :limit::integer

-- list_messages --
-- The log of an account, newest first, after a number.
SELECT m.id, m.number, m.kind, m.state, m.incident_id, m.event_type, m.channel_id, c.name AS channel,
    m.rule_id, r.rule ->> 'name' AS rule, m.content ->> 'title' AS title, m.made_at, m.due_at, m.tries, m.error,
    m.ended_at, CASE WHEN m.state = 'waiting' THEN greatest(m.not_before, c.not_before) END AS next_try_at
FROM notification_messages m
JOIN notification_channels c ON c.account = m.account AND c.id = m.channel_id
LEFT JOIN notification_rules r ON r.account = m.account AND r.id = m.rule_id
WHERE m.account = :account::text
  AND (:state::text IS NULL OR m.state = :state::text)
  AND m.number < coalesce(:after::bigint, 9223372036854775807)
ORDER BY m.number DESC
LIMIT :limit::integer

