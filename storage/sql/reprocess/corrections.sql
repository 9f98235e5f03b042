-- shown_requests --
-- The result that each log shows, and its request as JSON with every digit as it came; null without one, and after its
-- retention. Uses the primary key and attempts_by_log.
SELECT item.id, item.affiliate, item.event_id, nullif(kept.request, 'null') AS request
FROM (
    SELECT s.account, s.id, s.id AS log_id, s.affiliate, s.source, s.event_id
    FROM status_logs s
    WHERE s.account = :account::text AND s.integration_type = :integration_type::text AND s.id = ANY(:log_ids::uuid[])
) AS item
LEFT JOIN LATERAL (
    SELECT {request_of_attempt} AS request
    {attempt_before}
) AS kept ON true

-- insert_corrections --
-- Corrections of items that are stored. An item that was made before a crash has its correction. Uses the primary key of
-- reprocess_items and attempts_by_log.
INSERT INTO reprocess_corrections (account, item_id, log_id, changes, digest, received_at)
SELECT item.account, item.id, item.log_id, item.changes, item.digest, coalesce(kept.received_at, now())
FROM (
    SELECT
        i.account, i.id, i.before_source AS source, i.before_event_id AS event_id, made.log_id, made.changes,
        made.digest
    FROM unnest(:id::uuid[], :log_id::uuid[], :changes::jsonb[], :digest::bytea[])
        AS made (id, log_id, changes, digest)
    JOIN reprocess_items i ON i.account = :account::text AND i.id = made.id
) AS item
LEFT JOIN LATERAL (
    SELECT a.received_at
    {attempt_before}
) AS kept ON true
ON CONFLICT DO NOTHING

-- get_corrections --
-- What was changed for each of these items. Uses the primary key.
SELECT c.item_id, c.changes, c.digest
FROM reprocess_corrections c
JOIN unnest(:account::text[], :id::uuid[]) AS item (account, id) ON item.account = c.account AND item.id = c.item_id
