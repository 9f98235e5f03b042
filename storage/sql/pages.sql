-- insert_saved_view --
-- A view with a used name replaces the earlier one.
INSERT INTO saved_views (account, id, integration_type, name, query, saved_by)
VALUES (:account::text, gen_random_uuid(), :integration_type::text, :name::text, :query::text, :saved_by::text)
ON CONFLICT (account, integration_type, name)
DO UPDATE SET query = excluded.query, saved_by = excluded.saved_by, saved_at = now()

-- list_saved_views --
-- Views of one page, by name. Uses saved_views_by_name.
SELECT id, name, query, saved_by FROM saved_views
WHERE account = :account::text AND integration_type = :integration_type::text
ORDER BY name

-- list_every_saved_view --
-- Views of every page, by type and name. Uses saved_views_by_name.
SELECT integration_type, id, name, query, saved_by FROM saved_views
WHERE account = :account::text
ORDER BY integration_type, name

-- delete_saved_view --
DELETE FROM saved_views WHERE account = :account::text AND integration_type = :integration_type::text AND id = :id::uuid
RETURNING name

-- use_sign_in_link --
-- The session that inserts it may sign in with it.
INSERT INTO used_sign_in_links (nonce) VALUES (:nonce::bytea) ON CONFLICT DO NOTHING RETURNING nonce

-- has_account --
-- Uses status_logs_by_time.
SELECT EXISTS (SELECT FROM status_logs WHERE account = :account::text)

-- list_accounts --
-- Every account that has a status log, by one look into status_logs_by_time for each.
WITH RECURSIVE found AS (
    (SELECT account FROM status_logs ORDER BY account LIMIT 1)
    UNION ALL
    SELECT (SELECT s.account FROM status_logs s WHERE s.account > found.account ORDER BY s.account LIMIT 1)
    FROM found WHERE found.account IS NOT NULL
)
SELECT account FROM found WHERE account IS NOT NULL LIMIT :limit::integer
