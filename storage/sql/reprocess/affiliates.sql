-- pause_affiliate --
-- An affiliate that is paused already keeps its first author.
INSERT INTO affiliates AS f (account, affiliate, paused_at, paused_by, paused_reason)
VALUES (:account::text, :affiliate::text, now(), :requested_by::text, :reason::text)
ON CONFLICT (account, affiliate) DO UPDATE
SET paused_at = now(), paused_by = excluded.paused_by, paused_reason = excluded.paused_reason
WHERE f.paused_at IS NULL
RETURNING affiliate

-- resume_affiliate --
UPDATE affiliates
SET paused_at = NULL, paused_by = NULL, paused_reason = NULL
WHERE account = :account::text AND affiliate = :affiliate::text AND paused_at IS NOT NULL
RETURNING affiliate

-- paused_affiliates --
-- Affiliates paused by a person.
SELECT affiliate FROM affiliates WHERE account = :account::text AND paused_at IS NOT NULL

-- list_affiliates --
-- Affiliates of this account that were ever sent to or paused, with the items that wait for each. Uses
-- reprocess_audit_by_command.
SELECT
    name.affiliate, f.paused_at, f.paused_by, f.paused_reason, CASE WHEN f.paused_at IS NOT NULL THEN (
        SELECT a.key_name FROM reprocess_audit a
        WHERE a.account = f.account AND a.command_id IS NULL AND a.affiliate = f.affiliate AND a.action = 'paused'
        ORDER BY a.at DESC
        LIMIT 1
    ) END AS paused_with,
    coalesce(open.queued, 0) AS queued, coalesce(open.sent, 0) AS sent
FROM (
    SELECT affiliate FROM affiliates WHERE account = :account::text
    UNION
    SELECT affiliate FROM breakers WHERE account = :account::text
    UNION
    SELECT affiliate FROM reprocess_counts WHERE account = :account::text AND affiliate <> ''
) AS name
LEFT JOIN affiliates f ON f.account = :account::text AND f.affiliate = name.affiliate
LEFT JOIN (
    SELECT
        n.affiliate,
        sum(n.items) FILTER (WHERE n.state = 'queued')::integer AS queued,
        sum(n.items) FILTER (WHERE n.state = 'sent')::integer AS sent
    FROM reprocess_counts n
    WHERE n.account = :account::text AND n.state IN ({OPEN_ITEM_STATES}) AND n.items > 0
    GROUP BY n.affiliate
) AS open ON open.affiliate = name.affiliate
ORDER BY name.affiliate

-- affiliates_with_logs --
-- Affiliates of facets: a facet has a log, or had one, and a log never loses its affiliate. Uses the primary key of
-- facets.
SELECT DISTINCT s.affiliate FROM facets s WHERE s.account = :account::text
