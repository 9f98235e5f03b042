-- what was done to read a result
-- depends: 0017_floors

-- migrate: apply

ALTER TABLE attempts
    ADD COLUMN alterations jsonb;            -- what was done to read it, a list of reasons; null: nothing, or not known

-- migrate: rollback
