-- leaving: an answer is compared with what its log showed when the retry left
-- depends: 0035_unpublished_letters

-- migrate: apply

SET LOCAL lock_timeout = '2s';

-- Between a click and the time when a retry leaves, its log may have failed otherwise: what before_… say is of that result
-- then. Items of before this migration, and of a version that knows no better, have what was asked about.
ALTER TABLE reprocess_items
    -- Of the result that before_… are of, if that came after the one with before_event_id, which was asked about.
    ADD COLUMN last_source text COLLATE "C",
    -- As the retry has it; null: it is that of before_event_id.
    ADD COLUMN last_event_id text COLLATE "C";

GRANT UPDATE (before_status, before_code, before_message, before_fingerprint, last_source, last_event_id)
ON reprocess_items TO conexoes_writer;

-- migrate: rollback
