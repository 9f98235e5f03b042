-- list_own_entries --
-- Entries of an account as they are now, by id. Uses the primary key.
SELECT entry_id, entry::text AS entry, changed_by, key_name, changed_at
FROM (
    SELECT DISTINCT ON (entry_id) entry_id, entry, changed_by, key_name, changed_at
    FROM playbook_changes
    WHERE account = :account::text
    ORDER BY entry_id, id DESC
) AS newest
WHERE entry IS NOT NULL
ORDER BY entry_id

-- list_entry_changes --
-- Changes of one entry, newest first. Uses the primary key.
SELECT action, changed_by, key_name, changed_at
FROM playbook_changes
WHERE account = :account::text AND entry_id = :entry_id::uuid
ORDER BY id DESC
LIMIT :limit::integer

-- lock_own_entries --
-- Lock the entries of an account against other changes until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('conexoes.playbook/' || :account::text, 0))

-- insert_entry_change --
INSERT INTO playbook_changes (account, entry_id, action, entry, changed_by, key_id, key_name)
VALUES (
    :account::text, :entry_id::uuid, :action::text, :entry::text::jsonb, :changed_by::text, :key_id::uuid, :key_name::text
)

-- count_faults_by_results --
-- Faults of an account since the hour :since, of every type, most results first, with the affiliate, code, category
-- and a message of each; `of_all` has the results of all faults together. Uses the primary keys of fault_hours and
-- faults, and fault_changes_by_type and facets_by_type.
WITH waiting AS (
    SELECT c.integration_type, c.fingerprint, sum(c.results) AS results,
        min(c.code) AS code, min(c.category) AS category, min(c.message) AS message
    FROM fault_changes c
    WHERE c.account = :account::text AND c.hour >= :since::timestamptz
    GROUP BY 1, 2
),
counted AS (
    SELECT each.integration_type, each.fingerprint, sum(each.results)::bigint AS results
    FROM (
        SELECT h.integration_type, h.fingerprint, h.results FROM fault_hours h
        WHERE h.account = :account::text AND h.hour >= :since::timestamptz
        UNION ALL
        SELECT w.integration_type, w.fingerprint, w.results FROM waiting w
    ) AS each
    GROUP BY 1, 2
),
most AS (
    SELECT c.*, sum(c.results) OVER ()::bigint AS of_all
    FROM counted c
    ORDER BY c.results DESC, c.integration_type, c.fingerprint
    LIMIT :limit::integer
),
affiliates AS (
    SELECT DISTINCT ON (f.integration_type, fault.fingerprint) f.integration_type, fault.fingerprint, f.affiliate
    FROM facets f
    CROSS JOIN LATERAL unnest(f.fingerprints) AS fault (fingerprint)
    JOIN most ON most.integration_type = f.integration_type AND most.fingerprint = fault.fingerprint
    WHERE f.account = :account::text
    ORDER BY f.integration_type, fault.fingerprint
)
SELECT
    m.integration_type, m.fingerprint, m.results, m.of_all, coalesce(a.affiliate, '') AS affiliate,
    coalesce(f.code, w.code) AS code, coalesce(f.category, w.category) AS category,
    coalesce(f.message, w.message) AS message
FROM most m
LEFT JOIN affiliates a USING (integration_type, fingerprint)
LEFT JOIN waiting w USING (integration_type, fingerprint)
LEFT JOIN faults f
    ON f.account = :account::text AND f.integration_type = m.integration_type AND f.fingerprint = m.fingerprint
ORDER BY m.results DESC, m.integration_type, m.fingerprint
