-- fold --
-- One batch of results: new ones join attempts, and each entity shows the result with the highest version.
-- Arrays with one element for each result, no result twice; :late says that a newer result of the entity came before it
-- in this very batch. Results that were received before are left out completely, so that a second delivery, in any
-- order and in any mixture, changes nothing. Results and entities are each locked in the order of their key, so
-- that two writers can't wait for each other. One that stages locks known logs first: of two ways with the same logs, as
-- in a rebalance, PostgreSQL may end one, which is stored again. Answers which results and which logs were new.
-- The received ids of results before the retention are deleted. A result of that age that its log already shows, or a
-- newer one of, is left out: its attempt would be older than the retention, and its log would count it twice. So is one
-- whose log was erased, or deleted when it was silent: nobody could tell it from what was.
-- Results with more faults come first: code, category, fingerprint and errors have an element for each result that has
-- faults, what is about others one for each that has several, and are null for the results after those. An element of
-- the others is an array, given as its text. :fault_… are further arrays, with one element for each fault of each result.
-- :alterations is empty when no result is altered.
-- Uses the primary keys of received_results and status_logs.
WITH incoming AS (
    SELECT *
    FROM unnest(
        :account::text[], :id::uuid[], :log_id::uuid[], :integration_type::text[], :affiliate::text[],
        :key::text[], :status::text[], :processed_at::timestamptz[],
        :version::bytea[], :source::text[], :event_id::text[], :message::text[],
        :code::text[], :category::text[], :fingerprint::text[], :errors::integer[],
        :other_codes::text[], :other_categories::text[], :other_fingerprints::text[],
        :correlation_id::uuid[], :body::text[], :structured::boolean[], :altered::boolean[], :late::boolean[],
        :words::text[], :extensions::text[], :alterations::jsonb[]
    ) AS result (
        account, result_id, log_id, integration_type, affiliate, key, status, processed_at,
        version, source, event_id, message, code, category, fingerprint, errors,
        other_codes, other_categories, other_fingerprints,
        item_id, body, structured, altered, late, words, extensions, alterations
    )
),
received AS (
    INSERT INTO received_results (account, result_id)
    SELECT account, result_id FROM incoming i
    WHERE {is_to_store}
    ORDER BY result_id
    ON CONFLICT DO NOTHING
    RETURNING result_id
),
attempted AS (
    {attempts_of_results}
    FROM incoming i
    LEFT JOIN status_logs s ON s.id = i.log_id
    WHERE i.result_id IN (SELECT result_id FROM received)
    RETURNING
        account, log_id, result_id, integration_type, affiliate, key, status, processed_at,
        version, source, event_id, message, code, category, fingerprint, errors,
        other_codes, other_categories, other_fingerprints, words
),
faulted AS (
    INSERT INTO fault_changes (
        account, integration_type, fingerprint, hour, results, first_seen_at, last_seen_at, code, category, message
    )
    SELECT
        a.account, a.integration_type, fault.fingerprint, date_trunc('hour', a.processed_at, 'UTC'),
        count(DISTINCT a.result_id), min(a.processed_at), max(a.processed_at),
        min(fault.code COLLATE "C"), min(fault.category COLLATE "C"), min(fault.message COLLATE "C")
    FROM unnest(
        :fault_result_id::uuid[], :fault_fingerprint::text[], :fault_code::text[], :fault_category::text[],
        :fault_message::text[]
    ) AS fault (result_id, fingerprint, code, category, message)
    JOIN attempted a USING (result_id)
    GROUP BY 1, 2, 3, 4
),
counted AS (
    INSERT INTO result_changes (account, integration_type, hour, affiliate, status, code, other_codes, results)
    SELECT
        account, integration_type, date_trunc('hour', processed_at, 'UTC'), affiliate, status, code, other_codes, count(*)
    FROM attempted
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
folded AS (
    SELECT DISTINCT ON (log_id)
        *, count(*) OVER entity AS attempts, min(processed_at) OVER entity AS first_seen_at
    FROM attempted
    WINDOW entity AS (PARTITION BY log_id)
    ORDER BY log_id, version DESC
),
shown AS (
    {logs_of_results}
    FROM folded
    ON CONFLICT (id) DO UPDATE SET
        {when_known}
    RETURNING id, xmax = 0 AS is_new  -- a row that was updated has the transaction's id there
)
SELECT
    ARRAY(SELECT result_id FROM received) AS received,
    ARRAY(SELECT id FROM shown WHERE is_new) AS new_logs

-- is_to_store --
-- Condition that a result `i` is not older than the retention, or is newer than what its log shows, or the first of a log
-- that was not erased.
NOT (
    i.processed_at < (SELECT before FROM retention_horizon)
    AND coalesce(
        (SELECT s.version >= i.version FROM status_logs s WHERE s.id = i.log_id),
        (SELECT r.erased FROM received_results r WHERE r.result_id = i.log_id),
        false
    )
)

-- attempts_of_results --
-- Attempts of results `i`, with the logs `s` of those that have one already.
INSERT INTO attempts (
    account, log_id, processed_at, result_id, integration_type, affiliate, key, status,
    version, source, event_id, message, code, category, fingerprint, errors,
    other_codes, other_categories, other_fingerprints,
    item_id, body, structured, altered, late, words, extensions, alterations
)
SELECT
    i.account, i.log_id, i.processed_at, i.result_id, i.integration_type, i.affiliate, i.key, i.status,
    i.version, i.source, i.event_id, i.message, i.code, i.category, i.fingerprint, coalesce(i.errors, 0),
    i.other_codes::text[], i.other_categories::text[], i.other_fingerprints::text[],
    i.item_id, i.body, i.structured, i.altered,
    i.late OR coalesce(i.version < s.version, false), i.words::bigint[], i.extensions, i.alterations

-- logs_of_results --
-- Logs of results, each the newest one of its entity.
INSERT INTO status_logs AS s (
    account, id, integration_type, affiliate, key, status, processed_at,
    version, source, event_id, message, code, category, fingerprint, errors,
    other_codes, other_categories, other_fingerprints, words, attempts, first_seen_at
)
SELECT
    account, log_id, integration_type, affiliate, key, status, processed_at,
    version, source, event_id, message, code, category, fingerprint, errors,
    other_codes, other_categories, other_fingerprints, words, attempts, first_seen_at

-- when_known --
-- What a log `s` that is known becomes by what a batch has of it: `excluded`, its highest version and its number of
-- results.
attempts = s.attempts + excluded.attempts,
first_seen_at = least(s.first_seen_at, excluded.first_seen_at),
status = CASE WHEN excluded.version > s.version THEN excluded.status ELSE s.status END,
processed_at = CASE WHEN excluded.version > s.version THEN excluded.processed_at ELSE s.processed_at END,
source = CASE WHEN excluded.version > s.version THEN excluded.source ELSE s.source END,
event_id = CASE WHEN excluded.version > s.version THEN excluded.event_id ELSE s.event_id END,
message = CASE WHEN excluded.version > s.version THEN excluded.message ELSE s.message END,
code = CASE WHEN excluded.version > s.version THEN excluded.code ELSE s.code END,
category = CASE WHEN excluded.version > s.version THEN excluded.category ELSE s.category END,
fingerprint = CASE WHEN excluded.version > s.version THEN excluded.fingerprint ELSE s.fingerprint END,
errors = CASE WHEN excluded.version > s.version THEN excluded.errors ELSE s.errors END,
other_codes = CASE WHEN excluded.version > s.version THEN excluded.other_codes ELSE s.other_codes END,
other_categories =
    CASE WHEN excluded.version > s.version THEN excluded.other_categories ELSE s.other_categories END,
other_fingerprints =
    CASE WHEN excluded.version > s.version THEN excluded.other_fingerprints ELSE s.other_fingerprints END,
words = CASE WHEN excluded.version > s.version THEN excluded.words ELSE s.words END,
updated_at = CASE WHEN excluded.version > s.version THEN now() ELSE s.updated_at END,
version = greatest(s.version, excluded.version)
