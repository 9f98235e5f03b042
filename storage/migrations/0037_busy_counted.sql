-- busy answers: of those to one sending, one uses up a try
-- depends: 0036_leaving

-- migrate: apply

SET LOCAL lock_timeout = '2s';

-- Two events may say busy of one sending. Those of before this migration, and to a version that knows no better, each used
-- up a try.
ALTER TABLE reprocess_items
    ADD COLUMN busy_counted boolean NOT NULL DEFAULT false;  -- busy_answers has one to its last sending already

GRANT UPDATE (busy_counted) ON reprocess_items TO conexoes_writer;

-- migrate: rollback
