-- account_states --
-- Results and failures of accounts in the last hour, and failures in an hour of the day before it; incidents that are not
-- over, affiliates that are paused, and when a result came last. Uses the primary keys, of each type and affiliate of which
-- something came within a day, and incidents_unresolved.
SELECT
    n.account, coalesce(r.results, 0)::bigint AS results, coalesce(r.failures, 0)::bigint AS failures,
    coalesce(r.usual, 0)::double precision AS usual, i.incidents, coalesce(i.critical, false) AS critical,
    coalesce(p.paused, '{}') AS paused, r.last_at
FROM unnest(:accounts::text[]) AS n (account)
CROSS JOIN LATERAL (
    SELECT max(t.last_at) AS last_at, sum(lately.results) AS results, sum(lately.failures) AS failures,
        sum(earlier.failures) / 24 AS usual
    FROM received_times t
    LEFT JOIN LATERAL (
        SELECT sum(s.results) AS results, sum(s.failures) AS failures FROM received_steps s
        WHERE s.account = t.account AND s.integration_type = t.integration_type AND s.affiliate = t.affiliate
          AND s.step > now() - interval '1 hour'
    ) AS lately ON t.last_at > now() - interval '65 minutes'
    LEFT JOIN LATERAL (
        SELECT sum(h.failures) AS failures FROM received_hours h
        WHERE h.account = t.account AND h.integration_type = t.integration_type AND h.affiliate = t.affiliate
          AND h.hour > now() - interval '25 hours' AND h.hour <= now() - interval '1 hour'
    ) AS earlier ON t.last_at > now() - interval '26 hours'
    WHERE t.account = n.account
) AS r
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS incidents, bool_or(severity = 'critical') AS critical FROM incidents
    WHERE account = n.account AND state <> 'resolved'
) AS i
CROSS JOIN LATERAL (
    SELECT array_agg(f.affiliate ORDER BY f.affiliate) AS paused FROM affiliates f
    WHERE f.account = n.account AND {pause_is_on}
) AS p
