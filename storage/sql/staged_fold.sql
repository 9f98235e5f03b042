-- may_stage --
-- If the role of the session may make a temporary table, which PostgreSQL lets everybody do unless that was taken away.
SELECT has_database_privilege(current_database(), 'TEMPORARY')

-- stage_results --
-- The table of this session that a batch of results is copied into, empty: after a transaction, and for the next batch of
-- one. `attempts` and `first_seen_at` are given with the result of the batch that the entity shows, and null with its others.
CREATE TEMPORARY TABLE IF NOT EXISTS {STAGED_RESULTS} ({STAGED_RESULTS_COLUMNS}) ON COMMIT DELETE ROWS;
DELETE FROM pg_temp.{STAGED_RESULTS}

-- receive_staged --
-- Those of the staged results that the fold would store are received: fewer than were staged when one was received
-- before, or is older than the retention and shown already.
INSERT INTO received_results (account, result_id)
SELECT i.account, i.result_id
FROM pg_temp.{STAGED_RESULTS} i
WHERE {is_to_store}
ORDER BY i.result_id
ON CONFLICT DO NOTHING

-- fold_staged --
-- Stores the staged results, all of which are new, as `fold` does. Arrays: of :fault_… an element for each fault and hour
-- of the batch, of :counted_… one for each group of results that count together. Answers which logs are new. Rows
-- were staged in the order of log_id: known logs are locked in it, then new ones are. A log that another writer makes
-- meanwhile is refused.
-- Uses the primary key of status_logs, as long as no join is a hash join or a merge join.
WITH changed AS (
    UPDATE status_logs s SET
        {when_known}
    FROM ({shown_staged}) AS excluded
    WHERE s.id = excluded.log_id
    RETURNING s.id
),
attempted AS (
    {attempts_of_results}
    FROM (SELECT *, log_id IN (SELECT id FROM changed) AS of_known FROM pg_temp.{STAGED_RESULTS} OFFSET 0) i
    -- As it was before; OFFSET 0 keeps it from being looked up where there is none, as there is nothing else to join by.
    LEFT JOIN LATERAL (SELECT version FROM status_logs WHERE id = i.log_id AND i.of_known OFFSET 0) s ON true
),
faulted AS (
    INSERT INTO fault_changes (
        account, integration_type, fingerprint, hour, results, first_seen_at, last_seen_at, code, category, message
    )
    SELECT account, integration_type, fingerprint, hour, results, first_seen_at, last_seen_at, code, category, message
    FROM unnest(
        :fault_account::text[], :fault_integration_type::text[], :fault_fingerprint::text[], :fault_hour::timestamptz[],
        :fault_results::bigint[], :fault_first_seen_at::timestamptz[], :fault_last_seen_at::timestamptz[],
        :fault_code::text[], :fault_category::text[], :fault_message::text[]
    ) AS fault (
        account, integration_type, fingerprint, hour, results, first_seen_at, last_seen_at, code, category, message
    )
),
counted AS (
    INSERT INTO result_changes (account, integration_type, hour, affiliate, status, code, other_codes, results)
    SELECT account, integration_type, hour, affiliate, status, code, other_codes::text[], results
    FROM unnest(
        :counted_account::text[], :counted_integration_type::text[], :counted_hour::timestamptz[],
        :counted_affiliate::text[], :counted_status::text[], :counted_code::text[], :counted_other_codes::text[],
        :counted_results::bigint[]
    ) AS counted (account, integration_type, hour, affiliate, status, code, other_codes, results)
),
shown AS (
    {logs_of_results}
    FROM ({shown_staged}) AS i
    WHERE i.log_id NOT IN (SELECT id FROM changed)
    ORDER BY log_id
    RETURNING id
)
SELECT ARRAY(SELECT id FROM shown)

-- shown_staged --
-- The results that their entities show, of the staged ones.
SELECT
    account, log_id, integration_type, affiliate, key, status, processed_at,
    version, source, event_id, message, code, category, fingerprint, errors,
    other_codes::text[] AS other_codes, other_categories::text[] AS other_categories,
    other_fingerprints::text[] AS other_fingerprints, words::bigint[] AS words, attempts, first_seen_at
FROM pg_temp.{STAGED_RESULTS}
WHERE attempts IS NOT NULL
