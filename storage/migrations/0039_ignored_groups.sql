-- ignored groups: those that a command left out, as its plan does
-- depends: 0038_modes

-- migrate: apply

SET LOCAL lock_timeout = '2s';

-- Decisions change: what was left out is kept with the command, and its items are made by that.
ALTER TABLE reprocess_commands
    ADD COLUMN ignored_groups text[] COLLATE "C";  -- when it was recorded, besides those of its filter; null: none

-- migrate: rollback
