-- followed items: however many answers one has, what followed a canary is one automatic try
-- depends: 0039_ignored_groups

-- migrate: apply

SET LOCAL lock_timeout = '2s';

ALTER TABLE automatic_retries
    ADD COLUMN followed_item_id uuid;  -- of what was sent since a canary was fixed, the last that `tries` has; null: none

-- migrate: rollback
