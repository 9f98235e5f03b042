-- new_faults --
-- Faults with :some results or more whose first result was processed after :since, the :limit largest of each account; and
-- those, however old, that were new when an incident began that is not over: what goes on is not resolved. Uses
-- faults_by_first_seen, incidents_unresolved and the primary key; the affiliate is that of a facet, by facets_by_type.
WITH ranked AS (
    SELECT account, integration_type, fingerprint,
        row_number() OVER (PARTITION BY account ORDER BY results DESC, integration_type, fingerprint) AS rank
    FROM faults
    WHERE first_seen_at > :since::timestamptz AND results >= :some::integer
),
named AS (
    SELECT account, integration_type, fingerprint FROM ranked WHERE rank <= :limit::integer
    UNION
    SELECT o.account, o.integration_type, o.fingerprint
    FROM incidents i
    CROSS JOIN LATERAL jsonb_array_elements_text(i.facts -> 'faults') AS fault (fingerprint)
    JOIN faults o ON o.account = i.account AND o.fingerprint = fault.fingerprint
        AND o.first_seen_at > i.opened_at - :new_for::interval
    WHERE i.state <> 'resolved'
)
SELECT f.account, f.integration_type, f.fingerprint, f.code, f.results, f.first_seen_at, f.last_seen_at, {affiliate_of}
FROM named
JOIN faults f USING (account, integration_type, fingerprint)

-- affiliate_of --
-- Not a statement: the affiliate of fault f. A fault is of one affiliate, which its fingerprint is made of.
(
    SELECT s.affiliate FROM facets s
    WHERE s.account = f.account AND s.integration_type = f.integration_type AND f.fingerprint = ANY(s.fingerprints)
    LIMIT 1
) AS affiliate

-- rising_faults --
-- Faults that were known before :known and have :some results or more in two hours, the :limit largest of each account,
-- with their results by hour since :history. The two hours end with the one that the data of their type is at (arrays), or
-- :hour; :hours has all of them. Uses fault_hours_by_hour and the primary keys.
WITH many AS (
    SELECT h.account, h.integration_type, h.fingerprint, sum(h.results) AS results
    FROM fault_hours h
    LEFT JOIN unnest(:types::text[], :type_hours::timestamptz[]) AS t (integration_type, hour) USING (integration_type)
    WHERE h.hour = ANY(:hours::timestamptz[])
      AND coalesce(t.hour, :hour::timestamptz) IN (h.hour, h.hour + interval '1 hour')
    GROUP BY 1, 2, 3 HAVING sum(h.results) >= :some::integer
),
ranked AS (
    SELECT account, integration_type, fingerprint, f.code,
        row_number() OVER (PARTITION BY account ORDER BY m.results DESC, integration_type, fingerprint) AS rank
    FROM many m JOIN faults f USING (account, integration_type, fingerprint)
    WHERE f.first_seen_at <= :known::timestamptz
)
SELECT f.account, f.integration_type, f.fingerprint, f.code, {affiliate_of}, h.hours, h.results
FROM ranked f
CROSS JOIN LATERAL (
    SELECT array_agg((extract(epoch FROM h.hour) / 3600)::integer) AS hours, array_agg(h.results) AS results
    FROM fault_hours h
    WHERE h.account = f.account AND h.integration_type = f.integration_type AND h.fingerprint = f.fingerprint
      AND h.hour >= :history::timestamptz
) AS h
WHERE f.rank <= :limit::integer

-- open_breakers --
SELECT account, integration_type, affiliate, changed_at, openings FROM breakers WHERE state <> 'closed'

-- recent_letters --
-- Dead letters after :since, of which the last :limit of each account are looked at: those of one account hide no other's.
-- Copies that a redrive has made are not new ones. Accounts are few, and found one after the other; uses
-- dead_letters_by_time.
WITH RECURSIVE named (account) AS (
    SELECT min(account) FROM dead_letters WHERE account > ''
    UNION ALL
    SELECT (SELECT min(account) FROM dead_letters WHERE account > n.account) FROM named n WHERE n.account IS NOT NULL
)
SELECT n.account, l.topic, l.affiliate, l.code, count(*)::integer AS letters
FROM named n
CROSS JOIN LATERAL (
    SELECT topic, affiliate, code FROM dead_letters
    WHERE account = n.account AND received_at > :since::timestamptz AND redrive_of IS NULL
    ORDER BY received_at DESC
    LIMIT :limit::integer
) AS l
GROUP BY 1, 2, 3, 4

-- letters_by_hour --
-- Dead letters by hour of the two weeks before the last three hours. Uses dead_letters_by_age.
SELECT account, array_agg(letters) AS letters
FROM (
    SELECT account, date_trunc('hour', received_at, 'UTC') AS hour, count(*)::integer AS letters FROM dead_letters
    WHERE received_at > now() - interval '14 days' AND received_at < now() - interval '3 hours'
      AND redrive_of IS NULL AND account <> ''
    GROUP BY 1, 2
) AS by_hour
GROUP BY 1

-- stopped_commands --
-- Reprocesses of people that stopped by themselves after :since, and after which nobody asked for another one of their
-- type. Uses reprocess_commands_by_end, reprocess_audit_by_command and the primary key of reprocess_counts.
SELECT c.account, c.integration_type, c.id, c.finished_at, a.affiliate
FROM reprocess_commands c
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(DISTINCT n.affiliate) = 1 THEN min(n.affiliate) END AS affiliate
    FROM reprocess_counts n WHERE n.account = c.account AND n.command_id = c.id AND n.affiliate <> ''
) AS a
WHERE c.state = 'cancelled' AND c.finished_at > :since::timestamptz AND c.automatic IS NULL
  AND EXISTS (
      SELECT FROM reprocess_audit b WHERE b.account = c.account AND b.command_id = c.id AND b.action = 'stopped'
  )
  AND NOT EXISTS (
      SELECT FROM reprocess_commands later
      WHERE later.account = c.account AND later.requested_at > c.finished_at
        AND later.integration_type = c.integration_type AND later.automatic IS NULL
  )
