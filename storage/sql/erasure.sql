-- insert_erasure --
INSERT INTO erasures (account, id, by, digest, requested_by, reason)
VALUES (:account::text, :id::uuid, :by::text, :digest::bytea, :requested_by::text, :reason::text)
RETURNING requested_at

-- count_erased --
-- What an erasure has done so far; with :finished it can change no audit any more.
UPDATE erasures SET rows = :rows::jsonb, files = :files::integer, mentions_left = :mentions_left::integer,
    finished_at = CASE WHEN :finished::boolean THEN clock_timestamp() END
WHERE account = :account::text AND id = :id::uuid
RETURNING finished_at

-- list_erasures --
-- Receipts of an account, newest first.
SELECT id, account, by, digest, requested_by, reason, requested_at, finished_at, rows, files, mentions_left
FROM erasures WHERE account = :account::text
ORDER BY requested_at DESC, id

-- open_erasure --
-- Lets the rest of this transaction change what is append-only: see refuse_change() in storage/migrations.
SELECT set_config('conexoes.erasure', :id::text, true)

-- erasable_tables --
-- Every table with rows of an account but the receipts. Tables that attempts have left until they are deleted are among
-- them.
SELECT c.relname AS name,
    EXISTS (
        SELECT FROM pg_inherits WHERE inhrelid = c.oid AND inhparent = 'conexoes.attempts'::regclass
    ) OR c.relname LIKE 'expired_attempts_%' AS is_attempts
FROM pg_class c
WHERE c.relnamespace = 'conexoes'::regnamespace AND c.relkind = 'r' AND c.relname <> 'erasures'
  AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account' AND NOT a.attisdropped)
ORDER BY c.relname

-- pages_of --
-- The number of pages of a table now; 0 of one that is gone meanwhile.
SELECT coalesce(ceil(
    pg_relation_size(to_regclass(format('conexoes.%I', :searched::text))) / current_setting('block_size')::numeric
), 0)::bigint

-- logs_named_so --
-- Not a statement: logs of :types one of whose names is folded to :folded; `whole` is its number there. More than are
-- meant: search knows no case. A name without a visible character is in no index, and then every log is one; an erasure
-- must miss none. Uses log_names_by_gram.
SELECT logs_named_one_of(type.name, ARRAY[:folded::text], ARRAY[type.whole], 2147483647) AS id
FROM unnest(:types::text[], :whole::integer[]) AS type (name, whole)
WHERE :folded::text <> ''
UNION ALL
SELECT s.id FROM status_logs s
WHERE :folded::text = '' AND s.account = :account::text AND s.integration_type = ANY(:types::text[])

-- logs_with_key --
-- Up to :most logs of any type with this very key. Uses the primary key too.
SELECT s.id AS log_id
FROM ({logs_named_so}) AS named
JOIN status_logs s USING (id)
WHERE s.account = :account::text AND s.key = :value::text
LIMIT :most::integer

-- logs_with_alias --
-- Up to :most logs with this very alias, of any name where :name is null. Uses the primary key of log_names too.
SELECT DISTINCT named.id AS log_id
FROM ({logs_named_so}) AS named
CROSS JOIN LATERAL aliases_of(:account::text, named.id) AS n
WHERE n.value = :value::text AND (:name::text IS NULL OR n.name = :name::text)
LIMIT :most::integer

-- logs_with_text --
SELECT logs_to_erase(
    format('conexoes.%I', :searched::text)::regclass, :id_column::text, :account::text, :found::text,
    :found_bytes::text, :first_page::bigint, :pages::integer
)

-- rows_of_logs --
-- How many rows of these logs an erasure would delete or, of reprocess_items, empty.
SELECT
    (SELECT count(*) FROM status_logs WHERE id = ANY(:log_ids::uuid[])) AS status_logs,
    (SELECT count(*) FROM attempts WHERE log_id = ANY(:log_ids::uuid[])) AS attempts,
    (SELECT count(*) FROM aliases WHERE log_id = ANY(:log_ids::uuid[])) AS aliases,
    (SELECT count(*) FROM log_names WHERE log_id = ANY(:log_ids::uuid[])) AS log_names,
    (SELECT count(*) FROM reprocess_corrections WHERE log_id = ANY(:log_ids::uuid[])) AS reprocess_corrections,
    (SELECT count(*) FROM reprocess_items WHERE account = :account::text AND log_id = ANY(:log_ids::uuid[]))
        AS reprocess_items

-- erase_logs --
SELECT erase_logs(:log_ids::uuid[])

-- erase_mentions --
SELECT erase_mentions(
    format('conexoes.%I', :searched::text)::regclass, :act::text, :keys::boolean, :account::text, :found::text, :found_bytes::text,
    :mark::text, :first_page::bigint, :pages::integer
)

-- delete_empty_facets --
-- Facets that have what was erased and that have no logs any more.
WITH gone AS (
    DELETE FROM facets f
    WHERE f.account = :account::text AND f::text ~ :found::text
      AND NOT EXISTS (SELECT FROM status_logs s WHERE s.facet_id = f.id AND s.account = f.account)
    RETURNING 1
)
SELECT count(*)::integer FROM gone
