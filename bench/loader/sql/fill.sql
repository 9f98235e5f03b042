-- One chunk from the staging tables into the real ones. As the fold would have left them; times in whole microseconds.
ANALYZE staged_logs, staged_attempts;

INSERT INTO received_results (account, result_id)
SELECT l.account, a.result_id
FROM staged_attempts a JOIN staged_logs l USING (index);

-- Staged again with what an attempt and its log share, so that it is computed once.
CREATE TEMP TABLE filled ON COMMIT DROP AS
SELECT
    l.index, a.first, a.last, a.result_id, a.event_id, a.failed, a.late,
    timestamptz 'epoch' + a.processed_us * interval '1 microsecond' AS processed_at,
    -- schemas.version: 64-bit numbers with the sign bit turned, -1 for no sequence, then source NUL id
    int8send((a.processed_us * 1000) # (-9223372036854775808)) || '\x7fffffffffffffff'::bytea
        || int8send((a.processed_us * 1000) # (-9223372036854775808))
        || convert_to(l.source, 'UTF8') || '\x00'::bytea || convert_to(a.event_id, 'UTF8') AS version
FROM staged_attempts a JOIN staged_logs l USING (index);

INSERT INTO attempts (
    account, log_id, processed_at, result_id, integration_type, affiliate, key, status,
    version, source, event_id, message, code, category, fingerprint, errors, item_id, body, structured, late, altered,
    received_at, words
)
SELECT
    l.account, l.log_id, f.processed_at, f.result_id, l.integration_type, l.affiliate, l.key,
    CASE WHEN f.failed THEN l.fault_status ELSE 'success' END,
    f.version, l.source, f.event_id,
    CASE WHEN f.failed THEN l.message END,
    CASE WHEN f.failed THEN l.code END,
    CASE WHEN f.failed THEN l.category END,
    CASE WHEN f.failed THEN l.fingerprint END,
    f.failed::integer,
    NULL,
    '{"status":"' || CASE WHEN f.failed THEN l.fault_status ELSE 'success' END
        || '","processed_at":"' || replace(f.processed_at::text, ' ', 'T') || ':00'
        || CASE WHEN f.failed THEN '","response":{"status":400},"errors":' || l.errors ELSE '","response":{"status":200}' END
        || ',' || substr(l.rest, 2),
    false, f.late, false, f.processed_at + interval '2 seconds',
    CASE WHEN f.failed THEN l.words::bigint[] END
FROM filled f JOIN staged_logs l USING (index);

INSERT INTO status_logs (
    account, id, integration_type, affiliate, key, status, processed_at, version, source, event_id,
    message, code, category, fingerprint, errors, words, attempts, first_seen_at, updated_at
)
SELECT
    l.account, l.log_id, l.integration_type, l.affiliate, l.key,
    CASE WHEN newest.failed THEN l.fault_status ELSE 'success' END,
    newest.processed_at, newest.version, l.source, newest.event_id,
    CASE WHEN newest.failed THEN l.message END,
    CASE WHEN newest.failed THEN l.code END,
    CASE WHEN newest.failed THEN l.category END,
    CASE WHEN newest.failed THEN l.fingerprint END,
    newest.failed::integer,
    CASE WHEN newest.failed THEN l.words::bigint[] END,
    l.attempts, oldest.processed_at, newest.processed_at + interval '2 seconds'
FROM staged_logs l
JOIN filled newest ON newest.index = l.index AND newest.last
JOIN filled oldest ON oldest.index = l.index AND oldest.first;

TRUNCATE staged_logs, staged_attempts;
