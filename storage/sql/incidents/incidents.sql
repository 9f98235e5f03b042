-- incident_columns --
-- Not a statement.
incident_id, account, kind, integration_type, affiliate, subject, state, severity, opened_at, changed_at, resolved_at, facts

-- known_incidents --
-- Incidents that aren't over, or were only after :since; of all accounts.
SELECT {incident_columns}
FROM incidents
WHERE state <> 'resolved'
UNION ALL
SELECT {incident_columns}
FROM incidents
WHERE state = 'resolved' AND resolved_at > :since::timestamptz

-- insert_incident --
INSERT INTO incidents (
    account, kind, integration_type, affiliate, subject, state, severity, opened_at, changed_at, resolved_at, facts
) VALUES (
    :account::text, :kind::text, :integration_type::text, :affiliate::text, :subject::text, :state::text, :severity::text,
    :opened_at::timestamptz, :changed_at::timestamptz, :resolved_at::timestamptz, :facts::jsonb
)
RETURNING incident_id

-- update_incident --
UPDATE incidents SET
    kind = :kind::text, integration_type = :integration_type::text, state = :state::text, severity = :severity::text,
    changed_at = :changed_at::timestamptz, resolved_at = :resolved_at::timestamptz, facts = :facts::jsonb
WHERE incident_id = :incident_id::bigint

-- insert_incident_edge --
INSERT INTO incident_edges (incident_id, account, edge, at, facts)
VALUES (:incident_id::bigint, :account::text, :edge::text, :at::timestamptz, :facts::jsonb)

-- list_incidents --
-- One page of an account's incidents, opened last first, after (:after_at, :after_id). Empty arrays: any. Uses
-- incidents_by_time.
SELECT {incident_columns}
FROM incidents
WHERE account = :account::text AND (opened_at, incident_id) < (:after_at::timestamptz, :after_id::bigint)
  AND (:state::text[] = '{}' OR state = ANY(:state::text[]))
  AND (:kind::text[] = '{}' OR kind = ANY(:kind::text[]))
  AND (:affiliate::text[] = '{}' OR affiliate = ANY(:affiliate::text[]))
  AND (
      :integration_type::text[] = '{}'
      OR facts -> 'integration_types' = '[]'::jsonb OR facts -> 'integration_types' ?| :integration_type::text[]
  )
ORDER BY opened_at DESC, incident_id DESC
LIMIT :limit::integer

-- worst_incidents --
-- Incidents that aren't over, critical ones first, then those that were opened last. Uses incidents_unresolved.
SELECT {incident_columns}
FROM incidents
WHERE account = :account::text AND state <> 'resolved'
ORDER BY severity = 'critical' DESC, opened_at DESC, incident_id DESC
LIMIT :limit::integer

-- get_incident --
SELECT {incident_columns} FROM incidents WHERE account = :account::text AND incident_id = :incident_id::bigint

-- incident_edges --
-- Uses incident_edges_by_incident.
SELECT edge, at, facts FROM incident_edges
WHERE account = :account::text AND incident_id = :incident_id::bigint
ORDER BY edge_id

-- count_open_incidents --
-- Uses incidents_unresolved.
SELECT count(*)::integer FROM incidents WHERE account = :account::text AND state <> 'resolved'
