-- what was done to read a result
-- depends: 0017_floors

-- migrate: apply

ALTER TABLE attempts
    ADD COLUMN alterations jsonb;            -- a list of reasons; null: none, or it came before they were stored

-- migrate: rollback
