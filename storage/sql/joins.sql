-- join_one_by_one --
-- Rows are looked up one by one, in the order of the batch: a hash join would lock them in no order, and a merge join,
-- which the planner takes while logs are few, would read all of them for each batch.
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off

-- join_as_planned --
-- Other statements of the transaction may join what has no index.
SET LOCAL enable_hashjoin TO DEFAULT;
SET LOCAL enable_mergejoin TO DEFAULT
