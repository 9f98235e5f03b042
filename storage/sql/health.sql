-- account_health --
-- What holds an account up, each kind with what it has: pauses by people, breakers that are not closed, types of which
-- the data is older than :lag_seconds. Uses the primary keys of affiliates and breakers; data_times has a row a type.
SELECT
    'pause' AS kind, f.affiliate, NULL AS integration_type, f.paused_at AS since, f.paused_until AS until,
    f.paused_types AS types, f.paused_by AS by, f.paused_reason AS reason
FROM affiliates f
WHERE f.account = :account::text AND {pause_is_on}
UNION ALL
SELECT 'breaker', b.affiliate, b.integration_type, b.changed_at, b.retry_at, NULL, NULL, NULL
FROM breakers b
WHERE b.account = :account::text AND b.state <> 'closed'
UNION ALL
SELECT 'lag', NULL, d.integration_type, d.as_of, NULL, NULL, NULL, NULL
FROM data_times d
WHERE d.as_of < now() - make_interval(secs => :lag_seconds::double precision)
ORDER BY kind DESC, affiliate, integration_type
LIMIT :limit::integer
