-- acts_of_reprocesses --
-- Not a statement: acts in the audit of reprocesses. Nobody else may have our name there.
SELECT
    a.at, 'reprocess:' || a.id AS id, CASE
        WHEN a.command_id IS NOT NULL THEN 'reprocess' WHEN starts_with(a.action, 'automatic') THEN 'automatic' ELSE 'affiliate'
    END AS kind,
    a.action, a.requested_by, a.key_name AS requested_with, a.reason,
    jsonb_build_object(
        'command_id', a.command_id, 'affiliate', a.affiliate, 'integration_type', a.request ->> 'integration_type',
        'until', a.request -> 'until', 'integration_types', a.request -> 'integration_types'
    ) AS about,
    a.requested_by = '{OURSELVES}' AS is_automatic
FROM reprocess_audit a
WHERE a.account = :account::text

-- acts_of_account --
-- Not a statement: every act of an account, from the audits that there are. Each is read by its index of account and time.
-- In the others than that of reprocesses our name may be a key's.
{acts_of_reprocesses}
UNION ALL
SELECT
    d.set_at, 'group:' || d.id, 'group', d.state, d.set_by,
    d.key_name, d.note, jsonb_build_object(
        'fingerprint', d.fingerprint, 'integration_type', d.integration_type, 'until', d.until_at,
        'until_results', d.until_results, 'until_escalates', CASE WHEN d.until_escalates THEN true END
    ), false
FROM fault_states d
WHERE d.account = :account::text
UNION ALL
SELECT
    n.noted_at, 'group_note:' || n.id, 'group', n.kind, n.noted_by,
    n.key_name, CASE WHEN n.kind = 'note' THEN n.value[1] END, jsonb_build_object(
        'fingerprint', n.fingerprint, 'integration_type', n.integration_type,
        'owner', CASE WHEN n.kind = 'owner' THEN n.value[1] END,
        'tags', CASE WHEN n.kind = 'tags' AND n.value <> '{}' THEN to_jsonb(n.value) END,
        'ticket', CASE WHEN n.kind = 'ticket' THEN n.value[1] END
    ), false
FROM fault_notes n
WHERE n.account = :account::text
UNION ALL
SELECT
    e.requested_at, 'export:' || e.id, 'export', 'exported', e.requested_by, e.key_name, NULL,
    jsonb_build_object(
        'export_id', e.id, 'format', e.format, 'integration_type', e.integration_type, 'command_id', e.command_id
    ), false
FROM exports e
WHERE e.account = :account::text
UNION ALL
SELECT
    l.at, 'dead_letter:' || l.id, 'dead_letter', l.action, l.requested_by, l.key_name, l.reason,
    jsonb_build_object('redrive_id', l.redrive_id, 'letters', l.letters), false
FROM dead_letter_audit l
WHERE l.account = :account::text
UNION ALL
SELECT
    r.requested_at, 'erasure:' || r.id, 'erasure', 'erased', r.requested_by, NULL, r.reason,
    jsonb_build_object('erasure_id', r.id), false
FROM erasures r
WHERE r.account = :account::text
UNION ALL
SELECT
    n.at, 'notification:' || n.id, 'notification', n.action, n.requested_by, n.key_name, NULL,
    jsonb_build_object('name', n.name), false
FROM notification_audit n
WHERE n.account = :account::text
UNION ALL
SELECT
    p.changed_at, 'playbook:' || p.entry_id || ':' || p.id, 'playbook', p.action, p.changed_by, p.key_name, NULL,
    jsonb_build_object('entry_id', p.entry_id), false
FROM playbook_changes p
WHERE p.account = :account::text
UNION ALL
SELECT o.at, 'account:' || o.id, o.kind, o.action, o.requested_by, o.key_name, NULL, o.about, false
FROM account_audit o
WHERE o.account = :account::text

-- act_columns --
-- Not a statement.
act.id, act.at, act.kind, act.action, act.requested_by, act.requested_with, act.reason,
    jsonb_strip_nulls(act.about)::text AS about

-- is_chosen --
-- Not a statement: an act is after a cursor, and a filter matches it.
(act.at, act.id COLLATE "C") < (:after_at::timestamptz, :after_id::text COLLATE "C")
  AND (:at_from::timestamptz IS NULL OR act.at >= :at_from::timestamptz)
  AND (:at_to::timestamptz IS NULL OR act.at < :at_to::timestamptz)
  AND (:kind::text[] IS NULL OR act.kind = ANY(:kind::text[]))
  AND (
      :who::text IS NULL OR strpos(lower(act.requested_by), lower(:who::text)) > 0
      OR strpos(lower(act.requested_with), lower(:who::text)) > 0
  )

-- newest_acts --
-- Not a statement: the end of one that lists acts.
ORDER BY act.at DESC, act.id COLLATE "C" DESC
LIMIT :limit::integer

-- list_activity --
-- Acts after a cursor, newest first.
SELECT {act_columns}
FROM ({acts_of_account}) AS act
WHERE {is_chosen}
{newest_acts}

-- list_activity_of_people --
-- The same without what happened by itself. Uses reprocess_audit_of_people.
SELECT {act_columns}
FROM ({acts_of_account}) AS act
WHERE {is_chosen} AND NOT act.is_automatic
{newest_acts}

-- list_automatic_activity --
-- The same of what happened by itself. Uses reprocess_audit_automatic.
SELECT {act_columns}
FROM ({acts_of_reprocesses}) AS act
WHERE {is_chosen} AND act.is_automatic
{newest_acts}

-- count_automatic_activity --
-- What happened by itself in a span of time, of some kinds, up to a limit. Uses reprocess_audit_automatic.
SELECT count(*)
FROM (
    SELECT
    FROM ({acts_of_reprocesses}) AS act
    WHERE act.is_automatic
      AND (:at_from::timestamptz IS NULL OR act.at >= :at_from::timestamptz)
      AND (:at_to::timestamptz IS NULL OR act.at < :at_to::timestamptz)
      AND (:kind::text[] IS NULL OR act.kind = ANY(:kind::text[]))
    LIMIT :limit::integer
) AS counted

-- insert_account_audit --
INSERT INTO account_audit (account, kind, action, about, requested_by, key_id, key_name)
VALUES (:account::text, :kind::text, :action::text, :about::jsonb, :requested_by::text, :key_id::uuid,
    :key_name::text)
