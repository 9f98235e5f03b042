-- pause_is_on --
-- Not a statement: a person has paused affiliate f, for some type at least, and the pause is not over.
f.paused_at IS NOT NULL AND (f.paused_until IS NULL OR f.paused_until > now())

-- pauses_type --
-- Not a statement: the pause of affiliate f is of this type too. Write the type before it.
= ANY(f.paused_types) IS NOT FALSE

-- pause_affiliate --
-- An affiliate that is paused in the same way already keeps its first author, unless another reason is given. It has been
-- paused since the first of pauses that have one extent, and keeps its reason until another is given. No row for a time that
-- is over.
INSERT INTO affiliates AS f (account, affiliate, paused_at, paused_by, paused_reason, paused_until, paused_types)
SELECT :account::text, :affiliate::text, now(), :requested_by::text, :reason::text, :until::timestamptz, :types::text[]
WHERE :until::timestamptz IS NULL OR :until::timestamptz > now()
ON CONFLICT (account, affiliate) DO UPDATE
SET paused_at = CASE
        WHEN (f.paused_until, f.paused_types) IS NOT DISTINCT FROM (excluded.paused_until, excluded.paused_types)
        THEN coalesce(f.paused_at, excluded.paused_at)
        ELSE excluded.paused_at
    END,
    paused_by = excluded.paused_by, paused_reason = coalesce(excluded.paused_reason, f.paused_reason),
    paused_until = excluded.paused_until, paused_types = excluded.paused_types
WHERE f.paused_at IS NULL
   OR (f.paused_until, f.paused_types) IS DISTINCT FROM (excluded.paused_until, excluded.paused_types)
   OR f.paused_reason IS DISTINCT FROM coalesce(excluded.paused_reason, f.paused_reason)
RETURNING affiliate

-- resume_affiliate --
UPDATE affiliates
SET paused_at = NULL, paused_by = NULL, paused_reason = NULL, paused_until = NULL, paused_types = NULL
WHERE account = :account::text AND affiliate = :affiliate::text AND paused_at IS NOT NULL
RETURNING affiliate

-- end_pauses --
-- Pauses whose time is over; of one affiliate, or of any where both are null. Returns them as they were. Those that
-- another worker ends are left to it. Uses affiliates_by_end_of_pause.
WITH over AS (
    SELECT account, affiliate, paused_until, paused_types FROM affiliates
    WHERE paused_until <= now()
      AND (:account::text IS NULL OR (account = :account::text AND affiliate = :affiliate::text))
    ORDER BY account, affiliate
    LIMIT :limit::integer
    FOR UPDATE SKIP LOCKED
)
UPDATE affiliates f
SET paused_at = NULL, paused_by = NULL, paused_reason = NULL, paused_until = NULL, paused_types = NULL
FROM over
WHERE f.account = over.account AND f.affiliate = over.affiliate
RETURNING over.account, over.affiliate, over.paused_until, over.paused_types

-- paused_affiliates --
-- Affiliates that a person has paused for a type.
SELECT f.affiliate FROM affiliates f
WHERE f.account = :account::text AND {pause_is_on} AND :integration_type::text {pauses_type}

-- list_affiliates --
-- Affiliates of this account that were ever sent to or paused, with the items that wait for each. Uses
-- reprocess_audit_by_command.
SELECT
    name.affiliate, f.paused_at, f.paused_by, f.paused_reason, f.paused_until, f.paused_types,
    CASE WHEN f.paused_at IS NOT NULL THEN (
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
LEFT JOIN affiliates f ON f.account = :account::text AND f.affiliate = name.affiliate AND {pause_is_on}
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

-- queued_by_type --
-- Items that wait for each affiliate of this account, by type. Uses the primary keys of reprocess_counts and
-- reprocess_commands.
SELECT n.affiliate, c.integration_type, sum(n.items)::integer AS items
FROM reprocess_counts n
JOIN reprocess_commands c ON c.account = n.account AND c.id = n.command_id
WHERE n.account = :account::text AND n.state = 'queued' AND n.items > 0
GROUP BY n.affiliate, c.integration_type

-- affiliates_with_logs --
-- Affiliates of facets: a facet has a log, or had one, and a log never loses its affiliate. Uses the primary key of
-- facets.
SELECT DISTINCT s.affiliate FROM facets s WHERE s.account = :account::text
