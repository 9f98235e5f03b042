-- backlog --
-- What waits for agents, of all accounts. Uses reprocess_items_queued and reprocess_items_awaited.
SELECT
    (SELECT count(*) FROM reprocess_items WHERE state = 'queued') AS queued,
    (SELECT count(*) FROM reprocess_items WHERE state = 'sent') AS awaited,
    (SELECT count(*) FROM log_changes) + (SELECT count(*) FROM fault_changes)
    + (SELECT count(*) FROM result_changes) AS uncompacted,
    (SELECT count(*) FROM unpublished_letters) AS unpublished
