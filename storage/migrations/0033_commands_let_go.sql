-- cancelled commands that hold nothing back any more
-- depends: 0032_aliases_beside_names

-- migrate: apply

SET LOCAL lock_timeout = '2s';
-- Cancelled commands are kept for ever, and asked four times a second for what they have queued.
ALTER TABLE reprocess_commands ADD COLUMN let_go boolean NOT NULL DEFAULT false;  -- cancelled, and nothing of it is open
GRANT UPDATE (let_go) ON reprocess_commands TO conexoes_writer;
CREATE INDEX reprocess_commands_letting_go ON reprocess_commands (account, id) WHERE state = 'cancelled' AND NOT let_go;
DROP INDEX reprocess_commands_cancelled;

-- migrate: rollback
