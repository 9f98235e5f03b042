-- find_refused --
-- After the fold of a batch: those of these results that an earlier transaction received. An array with one element for
-- each result. Uses the primary key of received_results.
SELECT r.result_id
FROM received_results r
WHERE r.result_id = ANY(:id::uuid[]) AND r.erased IS NULL AND r.xmin <> pg_current_xact_id()::xid

-- find_erased --
-- Those of these ids whose results were erased: they restore nothing, and are no conflict.
SELECT result_id FROM received_results WHERE result_id = ANY(:ids::uuid[]) AND erased

-- find_conflicts --
-- The places of those of these refused results that came before with another body, or for another entity or time.
-- Arrays with one element for each result. Every received result has an attempt with its body until its month
-- expires; a result without one is another event with a used id. A body whose evidence has expired can't be compared,
-- nor one that was redacted: by other rules it would be another.
-- Uses attempts_by_log.
SELECT i.place
FROM unnest(
    :account::text[], :id::uuid[], :log_id::uuid[], :processed_at::timestamptz[], :body::text[], :place::integer[]
) AS i (account, result_id, log_id, processed_at, body, place)
WHERE NOT EXISTS (
    SELECT FROM attempts a
    WHERE a.account = i.account AND a.log_id = i.log_id AND a.processed_at = i.processed_at
      AND a.result_id = i.result_id AND (a.body = i.body OR a.evidence_expired_at IS NOT NULL OR strpos(a.body || i.body, '{REDACTED}') > 0)
)
ORDER BY i.place

-- insert_conflicts --
-- The same refused result again is the same row. Arrays with one element for each.
INSERT INTO conflicts (account, log_id, id, source, event_id, status, processed_at)
SELECT account, log_id, md5(result_id || body)::uuid, source, event_id, status, processed_at
FROM unnest(
    :account::text[], :log_id::uuid[], :id::text[], :body::text[], :source::text[], :event_id::text[], :status::text[],
    :processed_at::timestamptz[]
) AS refused (account, log_id, result_id, body, source, event_id, status, processed_at)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
