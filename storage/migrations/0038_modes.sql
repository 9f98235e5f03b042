-- modes: a command has those in which items of it were sent, and no other
-- depends: 0037_busy_counted

-- migrate: apply

SET LOCAL lock_timeout = '2s';

-- Those of queued items were among them before they were sent. Where nothing was sent at all, the counts say so; to look at the
-- items of all other commands would take long.
UPDATE reprocess_commands c SET modes = '{}'
WHERE c.modes <> '{}' AND c.state IN ('done', 'cancelled') AND NOT EXISTS (
    SELECT FROM reprocess_counts n
    WHERE n.account = c.account AND n.command_id = c.id AND n.items > 0
      AND n.state IN ('queued', 'sent', 'fixed', 'same_error', 'different_error', 'busy', 'silent')
);

-- migrate: rollback
